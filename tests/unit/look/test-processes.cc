/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processes of a scope, with cgroups of our own: which are shown, and what a process can do
 * about it. */
#include "base/check.h"

extern "C" {
#include "base/fd.h"
#include "cgroup/make.h"
#include "cgroup/processes.h"
#include "cgroup/state.h"
#include "cgroup/tree.h"
#include "look/host-process.h"
#include "look/processes.h"
}

#include <fcntl.h>
#include <map>
#include <set>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using Row = std::unique_ptr<GVariant, decltype (&g_variant_unref)>;
using Rows = std::map<pid_t, Row>;

class ProcessesTest : public testing::Test
{
protected:
  std::string scope;
  int root = -1, fd = -1;

  void SetUp () override
  {
    root = quilt_cgroup_open_root ();
    if (geteuid () != 0)
      GTEST_SKIP () << "needs root";
    if (root < 0)
      GTEST_SKIP () << "needs a cgroup2 and a static /bin/busybox";
    prctl (PR_SET_CHILD_SUBREAPER, 1);
    scope = "/quilt-look-" + std::to_string (getpid ());
    fd = quilt_cgroup_make (root, scope.c_str ());
    ASSERT_GE (fd, 0);
  }

  void TearDown () override
  {
    if (fd >= 0) {
      quilt_cgroup_kill_each (fd);
      while (waitpid (-1, nullptr, 0) > 0)
        ;
      EXPECT_TRUE (quilt_cgroup_remove (root, scope.c_str (), fd));
    }
    quilt_fd_clear (&fd);
    quilt_fd_clear (&root);
  }

  /* A process in the cgroup PART of the scope, which has done `prepare` before this returns. */
  pid_t add (const std::vector<std::string> &part, void (*prepare) () = nullptr)
  {
    int at = dup (fd), ready[2];
    char byte;

    EXPECT_EQ (pipe2 (ready, O_CLOEXEC), 0);
    pid_t pid = fork ();
    if (pid == 0) {
      prctl (PR_SET_PDEATHSIG, SIGKILL);
      if (prepare)
        prepare ();
      (void)!write (ready[1], "x", 1);
      for (;;)
        pause ();
    }
    close (ready[1]);
    EXPECT_EQ (read (ready[0], &byte, 1), 1);
    close (ready[0]);
    for (const std::string &name : part) {
      Error error;

      EXPECT_TRUE (quilt_cgroup_enter (at, name.c_str (), pid, error.out ())) << error.message ();
      int below = openat (at, name.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      close (at);
      at = below;
    }
    close (at);
    return pid;
  }

  /* This many processes more. */
  void add_many (guint n)
  {
    const std::string script = "i=1; while [ $i -lt " + std::to_string (n) +
                               " ]; do sleep 1000 & i=$((i + 1)); done; exec sleep 1000";
    g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (pid_t));
    int entered[2];
    char byte;
    Error error;

    EXPECT_EQ (pipe2 (entered, O_CLOEXEC), 0);
    pid_t pid = fork ();
    if (pid == 0) {
      (void)!read (entered[0], &byte, 1);
      execl ("/bin/sh", "sh", "-c", script.c_str (), nullptr);
      _exit (1);
    }
    EXPECT_TRUE (quilt_cgroup_enter (fd, "payload", pid, error.out ())) << error.message ();
    EXPECT_EQ (write (entered[1], "x", 1), 1);
    close (entered[0]);
    close (entered[1]);
    while (all->len < n) {
      g_array_set_size (all, 0);
      ASSERT_TRUE (quilt_cgroup_list_processes (fd, all));
      ASSERT_EQ (waitpid (pid, nullptr, WNOHANG), 0) << "the shell has ended";
    }
  }

  /* The rows by pid. */
  Rows list (guint64 *ret_left_out,
             pid_t first = 0,
             char **(*read_command) (int fd, gboolean *ret_cut) = quilt_host_process_read_command)
  {
    static QuiltProcessesOf of; /* a thread may be left behind */
    of = {fd, scope.c_str (), first, nullptr, read_command};
    Rows found;
    Error error;
    GVariant *rows = quilt_processes_list (&of, ret_left_out, error.out ());
    guint32 before = 0;

    EXPECT_NE (rows, nullptr) << error.message ();
    g_variant_ref_sink (rows);
    for (gsize i = 0; i < g_variant_n_children (rows); i++) {
      GVariant *row = g_variant_get_child_value (rows, i);
      guint32 pid = 0;

      EXPECT_TRUE (g_variant_lookup (row, "host-pid", "u", &pid));
      EXPECT_GT (pid, before);
      before = pid;
      found.emplace ((pid_t)pid, Row (row, g_variant_unref));
    }
    g_variant_unref (rows);
    return found;
  }
};

TEST_F (ProcessesTest, TheSupervisorAndOtherCgroupsAreNotShown)
{
  const pid_t own = add ({"payload"}), below = add ({"payload", "a", "supervisor"}),
              session = add ({"session-1"}), nested = add ({"session-1", "x"});
  guint64 left_out = 77;

  add ({"supervisor"});
  add ({"other"});
  Rows rows = list (&left_out, own);
  EXPECT_EQ (rows.size (), 4u);
  for (pid_t pid : {own, below, session, nested}) {
    guint32 inside = 0, parent = 0;

    ASSERT_EQ (rows.count (pid), 1u);
    EXPECT_TRUE (
        g_variant_lookup (rows.at (pid).get (), "pid", "u", &inside)); /* our own pid namespace */
    EXPECT_TRUE (g_variant_lookup (rows.at (pid).get (), "host-parent", "u", &parent));
    EXPECT_EQ ((pid_t)inside, pid);
    EXPECT_EQ ((pid_t)parent, getpid ());
  }
  EXPECT_EQ (left_out, 0u);
}

TEST_F (ProcessesTest, ACgroupThatIsGoneHasNone)
{
  guint64 left_out = 77;

  ASSERT_TRUE (quilt_cgroup_remove (root, scope.c_str (), fd));
  EXPECT_TRUE (list (&left_out).empty ());
  EXPECT_EQ (left_out, 0u);
}

TEST_F (ProcessesTest, NamesAndArgumentsAreBytes)
{
  const pid_t pid = add ({"payload"}, [] { prctl (PR_SET_NAME, "\x1b[2J\n) R 1"); });
  guint64 left_out = 0;
  Rows rows = list (&left_out);
  const char *name = nullptr, *state = nullptr;

  ASSERT_EQ (rows.count (pid), 1u);
  EXPECT_TRUE (g_variant_lookup (rows.at (pid).get (), "name", "^&ay", &name));
  EXPECT_STREQ (name, "\x1b[2J\n) R 1");
  EXPECT_TRUE (g_variant_lookup (rows.at (pid).get (), "state", "&s", &state));
  EXPECT_STREQ (state, "S");
  EXPECT_TRUE (g_variant_lookup (rows.at (pid).get (), "command", "aay", nullptr));
}

TEST_F (ProcessesTest, TooManyAreCounted)
{
  const guint n = QUILT_PROCESSES_MAX + 20;
  guint64 left_out = 0;

  add_many (n);
  Rows rows = list (&left_out);
  EXPECT_EQ (rows.size () + left_out, n);
  EXPECT_GE (left_out, 20u);
}

/* Some processes' memory can't be read until this pipe is closed. */
static std::set<pid_t> hostile;
static int withholding[2];

static char **
read_command (int fd, gboolean *ret_cut)
{
  g_autoptr (QuiltHostProcess) process = quilt_host_process_read (fd, 0);
  char byte;

  if (!hostile.count (process->status.pids[0]))
    return quilt_host_process_read_command (fd, ret_cut);
  (void)!read (withholding[0], &byte, 1);
  return nullptr;
}

TEST_F (ProcessesTest, AProcessThatWithholdsItsMemoryHidesOnlyItsArguments)
{
  std::vector<pid_t> others;
  guint64 left_out = 77;

  ASSERT_EQ (pipe2 (withholding, O_CLOEXEC), 0);
  for (int i = 0; i < 3; i++) {
    hostile.insert (add ({"payload"}));
    others.push_back (add ({"payload"}));
  }
  Rows rows = list (&left_out, 0, read_command);
  EXPECT_EQ (rows.size (), 6u);
  EXPECT_EQ (left_out, 0u);
  for (pid_t pid : hostile) {
    ASSERT_EQ (rows.count (pid), 1u);
    EXPECT_FALSE (g_variant_lookup (rows.at (pid).get (), "command", "aay", nullptr));
  }
  for (pid_t pid : others) {
    ASSERT_EQ (rows.count (pid), 1u);
    EXPECT_TRUE (g_variant_lookup (rows.at (pid).get (), "command", "aay", nullptr));
  }
  close (withholding[1]);
}

/* The descriptor means the process that it was opened for. */
TEST (Process, ADescriptorDoesNotFollowThePid)
{
  pid_t pid = fork ();

  if (pid == 0)
    for (;;)
      pause ();
  g_autofd int fd = quilt_host_process_open (pid);
  g_autoptr (QuiltHostProcess) process = quilt_host_process_read (fd, pid);
  gboolean cut = FALSE;
  ASSERT_NE (process, nullptr);
  kill (pid, SIGKILL);
  ASSERT_EQ (waitpid (pid, nullptr, 0), pid);
  EXPECT_EQ (quilt_host_process_read (fd, pid), nullptr);
  EXPECT_EQ (quilt_host_process_read_command (fd, &cut), nullptr);
  EXPECT_EQ (quilt_host_process_read_cgroup (fd), nullptr);
}
