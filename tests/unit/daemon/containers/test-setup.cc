/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which runs keep what their setup steps leave behind. */
#include "quiltd.h"

extern "C" {
#include "base/fd.h"
#include "daemon/containers/files-lock.h"
}

using std::string;

namespace
{

/* Filters are made only when the test allows it. */
class Setup : public Quiltd
{
protected:
  std::vector<QuiltContainer *> mine;

  void SetUp () override
  {
    Quiltd::SetUp ();
    const fs::path program = path / "libexec/quilt-seccomp";

    ASSERT_EQ (mkfifo (gate ().c_str (), 0600), 0);
    fs::remove (program);
    std::ofstream (program) << "#!/bin/sh\nread -r line <'" << gate () << "'\nexec '"
                            << getenv ("QUILT_SECCOMP") << "' \"$@\"\n";
    fs::permissions (program, fs::perms::owner_all);
    add_image ('a', "web");
  }

  void TearDown () override
  {
    for (QuiltContainer *container : mine)
      g_object_unref (container);
    Quiltd::TearDown ();
  }

  string gate ()
  {
    return path / "gate";
  }

  /* Lets one filter be made. */
  void open_gate ()
  {
    std::ofstream (gate ()) << "go\n";
  }

  fs::path upper (char digit)
  {
    return path / "state/containers" / id (digit) / "upper";
  }

  /* Its supervisor stays in the setup step. */
  QuiltContainer *create (char digit, const char *name)
  {
    const char *const command[] = {"setup", nullptr}, *const steps[] = {"true", nullptr};
    QuiltContainerRecord *record = new_record (digit, name);

    record->options->command = g_strdupv ((char **)command);
    record->options->setup = g_strdupv ((char **)steps);
    /* quiltd has no filter for this profile yet. */
    record->options->seccomp = g_strdup ("{\"defaultAction\": \"SCMP_ACT_ALLOW\"}");
    EXPECT_TRUE (quilt_container_create (daemon->store, record, error.out ())) << error.message ();
    mine.push_back (quilt_container_new (containers, record,
                                         quilt_images_find (daemon->images, "web", nullptr)));
    quilt_container_publish (mine.back ());
    return mine.back ();
  }

  static void start_it (QuiltContainer *container)
  {
    quilt_container_start (container, nullptr, g_task_new (container, nullptr, nullptr, nullptr));
  }

  static void wait_steps (QuiltContainer *container)
  {
    wait ([&] { return container->state == QUILT_STATE_SETTING_UP; });
  }
};

} // namespace

TEST_F (Setup, ARunKeepsWhatItsStepsLeaveBehind)
{
  QuiltContainer *container = create ('1', "one");

  start_it (container);
  open_gate ();
  wait_steps (container);
  EXPECT_NE (container->setup_key, nullptr);
  end (container);
}

/* Meanwhile files may be copied into the container. They must not become part of a result that
 * others use. */
TEST_F (Setup, AFileThatCameWhileTheStartHasWaitedForItsFilterIsNotKept)
{
  QuiltContainer *container = create ('1', "one");

  start_it (container);
  EXPECT_EQ (container->run, nullptr);
  EXPECT_EQ (container->setup_key, nullptr);
  g_autofd int lock = quilt_container_lock_files (container, error.out ());
  EXPECT_GE (lock, 0) << error.message ();
  quilt_fd_clear (&lock);
  std::ofstream (upper ('1') / "poison") << "x";
  open_gate ();
  wait_steps (container);
  EXPECT_EQ (container->setup_key, nullptr);
  end (container);
}

/* Others with the same steps would wait for it for ever. */
TEST_F (Setup, AStartThatWaitsForItsFilterLetsNobodyWait)
{
  QuiltContainer *one = create ('1', "one"), *two = create ('2', "two");

  start_it (one);
  start_it (two);
  EXPECT_EQ (one->setup_waiters->len + two->setup_waiters->len, 0u);
  open_gate ();
  wait ([&] { return one->run || two->run; });
  QuiltContainer *first = one->run ? one : two, *second = one->run ? two : one;
  wait_steps (first);
  wait ([&] { return second->waits_for_setup; });
  EXPECT_NE (first->setup_key, nullptr);
  end (first);
  wait_steps (second); /* the first has kept nothing */
  EXPECT_NE (second->setup_key, nullptr);
  end (second);
}
