# SPDX-License-Identifier: LGPL-2.1-or-later
"""Images by their names: what a call means by one, and when that is decided."""
import concurrent.futures
import os

import pytest

import conftest
import quilt


def images(root):
    return {path: names for path, _, names, _, _ in root.call("ListImages", "a{sv}", ({},))}


def remove(client, *asked):
    return client.call("RemoveImages", "asa{sv}", (asked, {}))


@pytest.mark.fault(2)
@pytest.mark.parametrize("asked, left", [
    (["other", "other"], ["third", "web"]),
    (["other", "third", "other", "third"], ["web"]),
    (["other", "other", "third", "web"], None),
    (["DIGEST", "DIGEST", "PREFIX"], None),
    (["DIGEST", "other"], None),
    (["other", "DIGEST", "other"], None),
    (["other", "third", "web", "DIGEST"], None),
])
def test_a_name_or_an_image_that_comes_twice_is_meant_once(asked, left, image, root, services):
    for name in ("other", "third"):
        conftest.import_image(root, services, name)
    digest = root.property(image, "Image", "Digest")
    words = {"DIGEST": digest, "PREFIX": digest[:20]}
    assert remove(root, *[words.get(word, word) for word in asked]) == []
    assert images(root) == ({image: left} if left else {})


@pytest.mark.fault(2)
def test_what_is_not_there_is_told_once(image, root):
    assert [row[:2] for row in remove(root, "no", "no", "web")] == [("no", "org.quilt.Error.NotFound")]
    assert images(root) == {}


@pytest.mark.fault(2)
def test_a_name_that_went_or_moved_meanwhile_takes_no_image_with_it(image, root, user, polkit, services):
    polkit.decide = lambda check: None
    for name in ("gone", "moved"):
        conftest.import_image(root, services, name)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answer = pool.submit(remove, user, "gone", "moved")
        checks = services.wait(lambda: len(polkit.checks) == 1 and polkit.checks)
        assert remove(root, "gone") == []
        another = conftest.import_image(root, services, "moved", file="of another image")
        polkit.decide = lambda check: "yes"
        polkit.answer(checks[0], "yes")
        failures = {row[0]: row[1].removeprefix("org.quilt.Error.") for row in answer.result()}
    assert failures == {"gone": "NotFound", "moved": "Busy"}
    assert images(root) == {image: ["web"], another: ["moved"]}


@pytest.mark.fault(2)
def test_two_calls_at_once_remove_the_name_and_not_the_image(image, root, client, services):
    for number in range(10):
        conftest.import_image(root, services, "other")
        callers = [client() for _ in range(2)]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            failures = [len(answer) for answer in pool.map(lambda caller: remove(caller, "other"), callers)]
        assert min(failures) == 0 and images(root) == {image: ["web"]}


@pytest.mark.fault(5)
def test_a_job_that_was_cancelled_completes_so_and_one_that_was_not_does_not(daemon, root, services):
    """Cancel comes later and later, until it is too late; by then the helper has ended and quiltd publishes."""
    answers, lists = set(), 0
    for number in range(400):
        since, fd = len(services.signals), quilt.archive(number=str(number))
        job = root.call("ImportImage", "hsa{sv}", (0, "web", {}), fds=[fd])
        os.close(fd)
        for _ in range(lists):
            root.call("ListImages", "a{sv}", ({},))
        lists += 1
        try:
            root.call("Cancel", "a{sv}", ({},), job, "org.quilt.Job")
            answers.add("")
            expected = (False, "org.quilt.Error.Cancelled")
        except quilt.Refused as error:
            expected = (True, "")
            if error.name == "org.freedesktop.DBus.Error.UnknownObject":
                lists //= 2  # the job is over and gone
            else:
                answers.add(error.name)
        assert services.wait_signal("Completed", job, since)[:2] == expected
        if number > 20 and len(answers) == 2:
            break
    assert answers == {"", "InvalidState"}
