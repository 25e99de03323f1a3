# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers as a person at a terminal sees them: the tests type into a terminal of tmux, and read its screen."""
import os
import re
import signal
import termios
import time

import pytest

from quilt import TIMEOUT, ctl, run, wait_exit
from test_exec import cgroups, sessions, wait_for
from test_lifecycle import background, props

HOST, INSIDE = r"^host>\Z", r"^[/~] #\Z"  # the last line, in which a shell of the host or of the container waits for a command
USABLE = termios.ICANON | termios.ECHO | termios.ISIG


class Screen:
    """A terminal with a shell of the host."""

    def __init__(self, socket):
        self.socket = socket
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x80", "-y24", "env", "-i", "PATH=" + os.environ["PATH"], "TERM=screen", "/bin/sh", "-i",
                  ";", "set-option", "-g", "status", "off", ";", "resize-window", "-x80", "-y24")
        self.shell = int(self.ask("pane_pid"))
        self.type("PS1='host> '; clear\n")
        self.wait(HOST)

    def tmux(self, *args):
        return run("tmux", "-u", "-L", self.socket, *args).ok().text

    def ask(self, what):
        return self.tmux("display-message", "-p", "#{" + what + "}").strip()

    def type(self, text):
        self.tmux("send-keys", "-l", "--", text.replace("\n", "\r"))

    def press(self, *keys):
        """Keys by the names that tmux has for them."""
        self.tmux("send-keys", *keys)

    def resize(self, columns, rows):
        self.tmux("resize-window", f"-x{columns}", f"-y{rows}")

    def text(self):
        """The lines of the screen, without blanks at the end of each, and without empty lines at the end."""
        return self.tmux("capture-pane", "-p").rstrip("\n")

    def wait(self, *patterns):
        """Waits until all patterns are on the screen."""
        deadline = time.monotonic() + 3 * TIMEOUT
        while not all(re.search(pattern, text := self.text(), re.M) for pattern in patterns):
            assert time.monotonic() < deadline, f"not {patterns}, but:\n{text}"

    def client(self):
        """The pid of the command that the shell runs."""
        return int(run("ps", "-o", "pid=", "--ppid", str(self.shell)).ok().text)

    def is_usable(self):
        fd = os.open(self.ask("pane_tty"), os.O_RDWR | os.O_NOCTTY)
        try:
            return termios.tcgetattr(fd)[3] & USABLE == USABLE
        finally:
            os.close(fd)


@pytest.fixture
def screen(name):
    yield Screen(name)
    run("tmux", "-L", name, "kill-server")


@pytest.fixture
def second(name):
    yield Screen(f"{name}-2")
    run("tmux", "-L", f"{name}-2", "kill-server")


@pytest.fixture(params=["exec", "shell", "run", "attach"])
def inside(request, busybox, name, screen):
    """The terminal with a shell in a container."""
    if request.param == "attach":
        background(name, busybox, "/bin/sh", options=("-it",))
    elif request.param != "run":
        background(name, busybox, "/bin/sleep", "1000")
    screen.way = request.param
    screen.type({"exec": f"quiltctl exec -it {name} sh\n", "shell": f"quiltctl shell {name}\n", "attach": f"quiltctl attach {name}\n",
                 "run": f"quiltctl run -it --name {name} busybox sh\n"}[request.param])
    screen.wait(INSIDE)
    return screen


def states(name, command):
    """The states of the container's processes with this command."""
    rows = [line.split(None, 1) for line in ctl("exec", name, "/bin/ps", "-o", "stat,args").ok().text.splitlines()]
    return [row[0][0] for row in rows if row[1:] == [command]]


def test_a_command_and_the_way_back(inside):
    inside.type("echo seen $((6 * 7))\n")
    inside.wait(r"# echo seen \$\(\(6 \* 7\)\)$", "^seen 42$", INSIDE)
    inside.type("echx mend")
    inside.press(*["Left"] * 5, "BSpace", "o", "End", "e", "d", "Enter")
    inside.wait("# echo mended$", "^mended$", INSIDE)
    inside.type("exit\n")
    inside.wait(HOST)
    assert inside.is_usable()


def test_a_character_of_several_bytes_is_one_to_erase(inside, name):
    inside.type("cat\n")
    wait_for(lambda: states(name, "cat"))
    inside.type("größe")
    inside.wait("^größe$")
    inside.press("BSpace", "BSpace", "BSpace", "b", "Enter", "C-d")
    inside.wait("^grb\ngrb$", INSIDE)


def test_a_long_paste_arrives_whole(inside, name, tmp_path):
    """The program gets all of it. The kernel drops a part of its echo if the terminal is not as fast."""
    text = "".join(f"line {n} of what was copied\n" for n in range(3000))
    (tmp_path / "copied").write_text(text)
    inside.type("cat > /tmp/pasted\n")
    wait_for(lambda: states(name, "cat"))
    inside.tmux("load-buffer", str(tmp_path / "copied"), ";", "paste-buffer")
    wait_for(lambda: ctl("exec", name, "/bin/cat", "/tmp/pasted").ok().text == text)
    inside.press("C-d")
    inside.type("clear\n")
    inside.wait(r"\A[/~] #\Z")


def test_an_editor_has_the_whole_screen_and_gives_it_back(inside, name):
    ctl("exec", "-i", name, "/bin/sh", "-c", "cat > /tmp/file", input=b"one\ntwo\nthree\n").ok()
    inside.type("echo before\n")
    inside.wait("^before$", INSIDE)
    inside.type("vi /tmp/file\n")
    inside.wait(r"\Aone\ntwo\nthree\n(~\n){20}- /tmp/file 1/3 33%\Z")
    inside.press("Down", "j", "x")
    inside.wait(r"\Aone\ntwo\nhree\n", r"^- /tmp/file \[Modified\] 3/3 100%\Z")
    inside.resize(100, 30)
    inside.wait(r"\Aone\ntwo\nhree\n(~\n){26}- /tmp/file \[Modified\] 3/3 100%\Z")
    inside.type(":wq\n")
    inside.wait("^before$", "# vi /tmp/file$", INSIDE)
    assert "hree" not in inside.text()
    assert ctl("exec", name, "/bin/cat", "/tmp/file").ok().text == "one\ntwo\nhree\n"


def test_a_pager_shows_page_after_page(inside):
    inside.type("seq 100 > /tmp/file; less /tmp/file\n")
    inside.wait(r"\A1\n2\n(.*\n)*23\n/tmp/file\Z")
    inside.press("Space")
    inside.wait(r"\A24\n25\n(.*\n)*46\n")
    inside.press("G")
    inside.wait("^99\n100$", r"\(END\)\Z")
    inside.press("q")
    inside.wait(INSIDE)


def test_a_resize_is_seen(inside):
    inside.type("stty size\n")
    inside.wait("^24 80$", INSIDE)
    inside.resize(101, 33)
    inside.type("until stty size | grep '33 101'; do :; done\n")
    inside.wait("^33 101$", INSIDE)


def test_ctrl_c_ends_the_command_and_not_the_shell(inside, name):
    inside.type("sleep 500\n")
    wait_for(lambda: states(name, "sleep 500"))
    inside.press("C-c")
    inside.wait(r"^\^C", INSIDE)
    inside.type("echo then $?\n")
    inside.wait("^then 130$", INSIDE)
    assert states(name, "sleep 500") == []


def test_ctrl_z_stops_a_job_that_goes_on_later(inside, name):
    inside.type("sleep 500\n")
    wait_for(lambda: states(name, "sleep 500") == ["S"])
    inside.press("C-z")
    inside.wait(r"Stopped +sleep 500$", INSIDE)
    assert states(name, "sleep 500") == ["T"]
    inside.type("fg\n")
    wait_for(lambda: states(name, "sleep 500") == ["S"])
    inside.press("C-c")
    inside.wait(INSIDE)
    inside.type("jobs; echo none\n")
    inside.wait("# jobs; echo none\nnone$", INSIDE)


def test_ctrl_d_ends_the_shell(inside):
    inside.press("C-d")
    inside.wait(HOST)
    assert inside.is_usable()


@pytest.mark.parametrize("inside", ["run", "attach"], indirect=True)
def test_one_can_leave_and_come_back(inside, name):
    inside.type("word=kept; echo first\n")
    inside.wait("^first$", INSIDE)
    inside.press("C-p", "C-q")
    inside.wait(HOST)
    assert inside.is_usable() and props(name)["State"] == "running"
    inside.resize(90, 20)
    inside.type(f"clear; quiltctl attach {name}\n")
    inside.wait("^first$", INSIDE)  # as it was
    inside.type("clear; echo $word; until stty size | grep '20 90'; do :; done\n")
    inside.wait("^kept$", "^20 90$", INSIDE)
    inside.type("exit 3\n")
    inside.wait(HOST)
    inside.type("echo then $?\n")
    inside.wait("^then 3$", HOST)


@pytest.mark.parametrize("inside", ["run"], indirect=True)
def test_two_people_share_a_terminal(inside, second, name):
    inside.type("echo first\n")
    inside.wait("^first$", INSIDE)
    second.type(f"quiltctl attach {name}\n")
    second.wait("^first$", INSIDE)
    second.type("echo second\n")
    for person in (inside, second):
        person.wait("^first$", "# echo second$", "^second$", INSIDE)
    second.press("C-p", "C-q")
    second.wait(HOST)
    inside.type("echo third\n")
    inside.wait("^third$", INSIDE)
    assert "third" not in second.text()


@pytest.mark.parametrize("what", ["shell", "editor"])
def test_after_a_killed_client_the_terminal_is_usable(inside, name, what):
    if what == "editor":
        inside.type("vi /tmp/file\n")
        inside.wait("^~$", "^- /tmp/file")
    pids = [row["pid"] for row in sessions(name)]
    assert len(pids) == (inside.way in ("exec", "shell"))
    os.kill(inside.client(), signal.SIGKILL)
    inside.wait("Killed")
    wait_for(inside.is_usable)
    inside.type("clear; echo usable\n")
    inside.wait(r"^usable\nhost>\Z")
    inside.type("echo again\n")
    inside.wait(r"^host> echo again\nagain\nhost>\Z")
    for pid in pids:
        wait_exit(pid)
    wait_for(lambda: cgroups(name) == ["payload", "supervisor"])
    assert props(name)["State"] == "running"
