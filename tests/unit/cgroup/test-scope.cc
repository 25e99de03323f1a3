/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a container's scope, and which processes are in them. */
#include "base/cgroups.h"
#include "base/check.h"

extern "C" {
#include "cgroup/scope.h"
#include "cgroup/state.h"
}

using std::string;

static const char scope[] = "/quilt.slice/quilt-a.scope";

TEST (Scope, PathsAreComparedWhole)
{
  const struct {
    const char *cgroup, *part;
  } cases[] = {
      {"/quilt.slice/quilt-a.scope/payload", "payload"},
      {"/quilt.slice/quilt-a.scope/payload/supervisor", "payload"},
      {"/quilt.slice/quilt-a.scope/payload-x", "payload-x"},
      {"/quilt.slice/quilt-a.scope/payload2/payload", "payload2"},
      {"/quilt.slice/quilt-a.scope/session-1/a/b", "session-1"},
      {"/quilt.slice/quilt-a.scope/supervisor/payload", "supervisor"},
      {"/quilt.slice/quilt-a.scope/payload (deleted)", "payload (deleted)"},
      {"/quilt.slice/quilt-a.scope/", ""},
      {"/quilt.slice/quilt-a.scope", nullptr},
      {"/quilt.slice/quilt-a.scopes/payload", nullptr},
      {"/quilt.slice/quilt-ab.scope/payload", nullptr},
      {"/user.slice/quilt-a.scope/payload", nullptr},
      {"/user.slice/quilt.slice/quilt-a.scope/payload", nullptr},
      {"/quilt.slice/quilt-b.slice/quilt-a.scope/payload", nullptr},
      {"/../quilt.slice/quilt-a.scope/payload", nullptr},
      {"/payload", nullptr},
      {"/", nullptr},
      {"", nullptr},
  };

  for (const auto &c : cases) {
    g_autofree char *part = quilt_scope_find_part (scope, c.cgroup);

    EXPECT_STREQ (part, c.part) << c.cgroup;
  }
}

TEST (Scope, AnEmptyPathHasNoParts)
{
  for (const char *empty : {"", "/", "quilt.slice"})
    for (const char *cgroup : {"/payload", "//payload", "/", "", "quilt.slice/payload"}) {
      EXPECT_EQ (quilt_scope_find_part (empty, cgroup), nullptr) << empty << " " << cgroup;
      EXPECT_FALSE (quilt_scope_has_process (empty, QUILT_SCOPE_PAYLOAD, 0));
    }
}

TEST (Scope, ThePartsOfTheContainer)
{
  g_autofree char *session = quilt_scope_name_session ("1");

  EXPECT_STREQ (session, "session-1");
  EXPECT_TRUE (quilt_scope_is_session (session));
  for (const char *part : {"payload", "session-1"})
    EXPECT_TRUE (quilt_scope_is_contained (part)) << part;
  for (const char *part :
       {"supervisor", "payload-x", "payload2", "payloa", "session", "a-session-1", ""})
    EXPECT_FALSE (quilt_scope_is_contained (part)) << part;
}

class ScopeProcessTest : public testing::Test
{
protected:
  TestCgroups cgroups;
  Error error;

  void SetUp () override
  {
    if (geteuid () != 0)
      GTEST_SKIP () << "needs root";
    if (!cgroups.can_make ())
      GTEST_SKIP () << "needs a cgroup2 and a static /bin/busybox";
  }

  static bool is_payload (const string &of, pid_t pid)
  {
    return quilt_scope_has_process (of.c_str (), QUILT_SCOPE_PAYLOAD, pid);
  }
};

TEST_F (ScopeProcessTest, OnlyThePayloadsProcessesAreInIt)
{
  const string web = cgroups.make ("/quilt.slice/quilt-web.scope");

  EXPECT_TRUE (is_payload (web, cgroups.add ("/quilt.slice/quilt-web.scope/payload")));
  EXPECT_TRUE (is_payload (web, cgroups.add ("/quilt.slice/quilt-web.scope/payload/below")));
  for (const char *other :
       {"/quilt.slice/quilt-web.scope/payload-x", "/quilt.slice/quilt-web.scope/supervisor/payload",
        "/quilt.slice/quilt-web.scope/session-1", "/user.slice/quilt-web.scope/payload",
        "/user.slice/quilt.slice/quilt-web.scope/payload"})
    EXPECT_FALSE (is_payload (web, cgroups.add (other))) << other;
  EXPECT_FALSE (is_payload (web, 0));
}

TEST_F (ScopeProcessTest, ADeadProcessIsInNoPart)
{
  const string web = cgroups.make ("/quilt-web.scope");
  const pid_t pid = cgroups.add ("/quilt-web.scope/payload");

  EXPECT_TRUE (is_payload (web, pid));
  cgroups.end (pid);
  EXPECT_FALSE (is_payload (web, pid));
}

TEST_F (ScopeProcessTest, OnlyAMarkedScopeWithItsFirstProcessIsJoined)
{
  const string web = cgroups.make ("/quilt-web.scope");
  const pid_t first = cgroups.add ("/quilt-web.scope/payload");
  const pid_t other = cgroups.add ("/user.slice/quilt-web.scope/payload");
  g_autofd int fd = quilt_cgroup_open (web.c_str ());
  const struct {
    string scope;
    const char *id;
    pid_t first;
  } cases[] = {
      {web, "another", first},
      {web, "id", other},
      {web + "-x", "id", first},
      {"", "id", first},
  };

  EXPECT_EQ (quilt_scope_join (web.c_str (), "id", first, error.out ()), -1); /* it has no mark */
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_STATE, "The container has just stopped"));
  ASSERT_TRUE (quilt_cgroup_mark (fd, "id", error.out ())) << error.message ();
  for (const auto &c : cases) {
    EXPECT_EQ (quilt_scope_join (c.scope.c_str (), c.id, c.first, error.out ()), -1) << c.scope;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_STATE, "The container has just stopped"));
  }
  EXPECT_FALSE (quilt_scope_has_process (web.c_str (), QUILT_SCOPE_SUPERVISOR, 0));

  /* A process of its own joins, since this one stays. */
  const pid_t pid = fork ();
  if (pid == 0) {
    int scope_fd = quilt_scope_join (web.c_str (), "id", first, nullptr);
    int again_fd = quilt_scope_join (web.c_str (), "id", first, nullptr);

    _exit (scope_fd >= 0 && again_fd >= 0 &&
                   quilt_scope_has_process (web.c_str (), QUILT_SCOPE_SUPERVISOR, 0)
               ? 0
               : 1);
  }
  int status = -1;
  EXPECT_EQ (waitpid (pid, &status, 0), pid);
  EXPECT_EQ (status, 0);
}
