/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waiting for a scope's cgroup to go, in a directory that plays the slice. */
#include "base/check.h"

extern "C" {
#include "systemd/gone.h"
}

#include <csignal>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace
{

struct Waiting {
  GMainLoop *loop;
  int finished = 0;
  int failed = 0;
  bool cancelled = false;
};

void
on_gone (GObject *, GAsyncResult *result, gpointer data)
{
  auto *waiting = static_cast<Waiting *> (data);
  Error error;

  waiting->finished++;
  if (!g_task_propagate_boolean (G_TASK (result), error.out ())) {
    waiting->failed++;
    waiting->cancelled = error.is (QUILT_ERROR_CANCELLED, "");
  }
  g_main_loop_quit (waiting->loop);
}

class Gone : public testing::Test
{
protected:
  void SetUp () override
  {
    ASSERT_NE (g_mkdtemp (root), nullptr);
    slice = std::string (root) + "/quilt.slice";
    g_mkdir (slice.c_str (), 0700);
    gone = quilt_gone_new (slice.c_str (), on_empty, this);
    waiting.loop = g_main_loop_new (nullptr, FALSE);
  }

  void TearDown () override
  {
    if (gone)
      quilt_gone_free (gone);
    g_rmdir (slice.c_str ());
    g_rmdir (root);
    g_main_loop_unref (waiting.loop);
  }

  void wait_empty (const char *name)
  {
    g_autoptr (GTask) task = g_task_new (nullptr, nullptr, on_gone, &waiting);

    quilt_gone_wait_empty (gone, name, task);
  }

  void wait_left (const char *name)
  {
    g_autoptr (GTask) task = g_task_new (nullptr, nullptr, on_gone, &waiting);

    quilt_gone_wait_left (gone, name, task);
  }

  void wait (const char *name, GCancellable *cancellable = nullptr)
  {
    g_autoptr (GTask) task = g_task_new (nullptr, cancellable, on_gone, &waiting);

    quilt_gone_wait (gone, name, task);
  }

  /* Until n tasks in all have finished; the test's own timeout ends it when they don't. */
  void run_until (int n)
  {
    while (waiting.finished < n)
      g_main_loop_run (waiting.loop);
  }

  std::string scope (const char *name)
  {
    return slice + "/" + name;
  }

  static void on_empty (const char *name, gpointer data)
  {
    static_cast<Gone *> (data)->empty.push_back (name);
  }

  std::vector<std::string> empty;
  char root[40] = "/dev/shm/quilt-test-XXXXXX";
  std::string slice;
  QuiltGone *gone = nullptr;
  Waiting waiting;
};

TEST_F (Gone, AtOnceWithoutACgroup)
{
  wait ("quilt-web.scope");
  run_until (1);
  EXPECT_EQ (waiting.failed, 0);
}

TEST_F (Gone, AtOnceWithoutASlice)
{
  g_rmdir (slice.c_str ());
  wait ("quilt-web.scope");
  run_until (1);
  EXPECT_EQ (waiting.failed, 0);
}

TEST_F (Gone, WhenTheCgroupIsRemovedAndNotBefore)
{
  g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
  g_mkdir (scope ("quilt-db.scope").c_str (), 0700);
  wait ("quilt-web.scope");
  g_rmdir (scope ("quilt-db.scope").c_str ());
  while (g_main_context_iteration (nullptr, FALSE))
    ;
  EXPECT_EQ (waiting.finished, 0);
  g_rmdir (scope ("quilt-web.scope").c_str ());
  run_until (1);
  EXPECT_EQ (waiting.failed, 0);
}

/* Fault 5. The host's instances of inotify may all be in use. */
TEST_F (Gone, WhenTheCgroupIsRemovedAlsoWithoutInotify)
{
  struct rlimit before, none;

  quilt_gone_free (gone);
  ASSERT_EQ (getrlimit (RLIMIT_NOFILE, &before), 0);
  none = {0, before.rlim_max};
  ASSERT_EQ (setrlimit (RLIMIT_NOFILE, &none), 0);
  gone = quilt_gone_new (slice.c_str (), on_empty, this);
  ASSERT_EQ (setrlimit (RLIMIT_NOFILE, &before), 0);
  g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
  wait ("quilt-web.scope");
  wait_empty ("quilt-web.scope");
  while (g_main_context_iteration (nullptr, FALSE))
    ;
  EXPECT_EQ (waiting.finished, 0);
  g_rmdir (scope ("quilt-web.scope").c_str ());
  run_until (2);
  EXPECT_EQ (waiting.failed, 0);
}

TEST_F (Gone, EveryWaiterOfANameIsTold)
{
  g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
  wait ("quilt-web.scope");
  wait ("quilt-web.scope");
  g_rmdir (scope ("quilt-web.scope").c_str ());
  run_until (2);
  EXPECT_EQ (waiting.failed, 0);
}

TEST_F (Gone, ASliceThatGoesTooAndComesBack)
{
  g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
  wait ("quilt-web.scope");
  g_rmdir (scope ("quilt-web.scope").c_str ());
  g_rmdir (slice.c_str ());
  run_until (1);

  g_mkdir (slice.c_str (), 0700);
  g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
  wait ("quilt-web.scope");
  while (g_main_context_iteration (nullptr, FALSE))
    ;
  EXPECT_EQ (waiting.finished, 1);
  g_rmdir (scope ("quilt-web.scope").c_str ());
  run_until (2);
  EXPECT_EQ (waiting.failed, 0);
}

/* Fault 32. Scopes of one name in two slices; a slice that goes with its scope and comes back. */
TEST_F (Gone, AScopeInASliceBelow)
{
  std::string below = slice + "/quilt-a.slice", path = below + "/quilt-web.scope";

  for (int n = 0; n < 4; n += 2) {
    g_mkdir (below.c_str (), 0700);
    g_mkdir (path.c_str (), 0700);
    g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
    wait ("quilt-a.slice/quilt-web.scope");
    wait ("quilt-web.scope");
    g_rmdir (scope ("quilt-web.scope").c_str ());
    run_until (n + 1);
    while (g_main_context_iteration (nullptr, FALSE))
      ;
    EXPECT_EQ (waiting.finished, n + 1);
    g_rmdir (path.c_str ());
    g_rmdir (below.c_str ());
    run_until (n + 2);
  }
  EXPECT_EQ (waiting.failed, 0);
}

TEST_F (Gone, MoreEventsThanTheQueueHolds)
{
  g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
  wait ("quilt-web.scope");
  for (int i = 0; i < 20000; i++) {
    std::string name = scope (std::to_string (i).c_str ());

    g_mkdir (name.c_str (), 0700);
    g_rmdir (name.c_str ());
  }
  g_rmdir (scope ("quilt-web.scope").c_str ()); /* its event is lost: max_queued_events is 16384 */
  run_until (1);
  EXPECT_EQ (waiting.failed, 0);
}

TEST_F (Gone, ACancelledOneLeavesTheOthers)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
  wait ("quilt-web.scope", cancellable);
  wait ("quilt-web.scope");
  g_cancellable_cancel (cancellable);
  run_until (1);
  EXPECT_EQ (waiting.failed, 1);
  EXPECT_TRUE (waiting.cancelled);
  g_rmdir (scope ("quilt-web.scope").c_str ());
  run_until (2);
  EXPECT_EQ (waiting.failed, 1);
}

TEST_F (Gone, FreedOnesAreCancelled)
{
  g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
  wait ("quilt-web.scope");
  quilt_gone_free (gone);
  gone = nullptr;
  run_until (1);
  EXPECT_TRUE (waiting.cancelled);
  g_rmdir (scope ("quilt-web.scope").c_str ());
}

/* systemd is told once. The empty scope stays until systemd removes it. */
TEST_F (Gone, AnEmptyScopeIsReportedOnce)
{
  std::string events = scope ("quilt-web.scope") + "/cgroup.events";

  g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
  g_file_set_contents (events.c_str (), "populated 0\nfrozen 0\n", -1, nullptr);
  wait ("quilt-web.scope");
  while (empty.empty ())
    g_main_context_iteration (nullptr, TRUE);
  while (g_main_context_iteration (nullptr, FALSE))
    ;
  EXPECT_EQ (empty, std::vector<std::string>{"quilt-web.scope"});
  EXPECT_EQ (waiting.finished, 0);
  g_unlink (events.c_str ());
  g_rmdir (scope ("quilt-web.scope").c_str ());
  run_until (1);
}

TEST_F (Gone, ReportsAnEmptyScopeBeforeItsEnd)
{
  std::string events = scope ("quilt-web.scope") + "/cgroup.events";

  g_mkdir (scope ("quilt-web.scope").c_str (), 0700);
  g_file_set_contents (events.c_str (), "populated 0\nfrozen 0\n", -1, nullptr);
  wait_empty ("quilt-web.scope");
  wait ("quilt-web.scope");
  wait_empty ("quilt-web.scope");
  run_until (2);
  EXPECT_EQ (empty.size (), 1u);

  wait_empty ("quilt-web.scope");
  run_until (3);
  wait_left ("quilt-web.scope");
  while (g_main_context_iteration (nullptr, FALSE))
    ;
  EXPECT_EQ (waiting.finished, 3);
  g_unlink (events.c_str ());
  g_rmdir (scope ("quilt-web.scope").c_str ());
  run_until (5);
  EXPECT_EQ (waiting.failed, 0);
}

/* Another container may have the name by then. */
TEST_F (Gone, TheNextScopeOfThatNameIsAnother)
{
  std::string path = scope ("quilt-web.scope"), events = path + "/cgroup.events",
              old = path + ".old";

  g_mkdir (path.c_str (), 0700);
  wait_left ("quilt-web.scope");
  run_until (1);

  g_file_set_contents (events.c_str (), "populated 0\nfrozen 0\n", -1, nullptr);
  wait_empty ("quilt-web.scope");
  run_until (2);
  wait ("quilt-web.scope");
  /* Renamed, so that the inode can't be used again; the event of its removal does not come. */
  g_rename (path.c_str (), old.c_str ());
  g_mkdir (path.c_str (), 0700);
  wait_left ("quilt-web.scope");
  run_until (4);
  EXPECT_EQ (waiting.failed, 0);
  EXPECT_EQ (empty.size (), 2u);
  g_rmdir (path.c_str ());
  g_unlink ((old + "/cgroup.events").c_str ());
  g_rmdir (old.c_str ());
}

TEST_F (Gone, AnEmptyScopeThatIsNotThere)
{
  wait_empty ("quilt-web.scope");
  run_until (1);
  EXPECT_EQ (waiting.failed, 0);
}

TEST_F (Gone, AScopeIsEmptyWhenItsLastProcessHasEnded)
{
  std::string payload = scope ("quilt-web.scope") + "/payload";
  std::string events = scope ("quilt-web.scope") + "/cgroup.events";
  std::string procs = payload + "/cgroup.procs";
  pid_t pid = fork ();

  if (pid == 0) {
    pause ();
    _exit (0);
  }
  g_mkdir_with_parents (payload.c_str (), 0700);
  g_file_set_contents (events.c_str (), "populated 1\nfrozen 0\n", -1, nullptr);
  g_file_set_contents (procs.c_str (), (std::to_string (pid) + "\n").c_str (), -1, nullptr);
  wait ("quilt-web.scope");
  while (g_main_context_iteration (nullptr, FALSE))
    ;
  EXPECT_TRUE (empty.empty ());

  g_file_set_contents (events.c_str (), "populated 0\nfrozen 0\n", -1, nullptr);
  kill (pid, SIGKILL);
  while (empty.empty ())
    g_main_context_iteration (nullptr, TRUE);
  waitpid (pid, nullptr, 0);
  g_unlink (procs.c_str ());
  g_rmdir (payload.c_str ());
  g_unlink (events.c_str ());
  g_rmdir (scope ("quilt-web.scope").c_str ());
  run_until (1);
}

} // namespace
