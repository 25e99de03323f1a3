// SPDX-License-Identifier: LGPL-2.1-or-later
// Records of the kernel's log: which of them say who of the container was killed, and who.
#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "supervisor/oom.h"
}

static const char scope[] = "/quilt.slice/quilt-web.scope";

static std::string
parse (const std::string &record)
{
  QuiltVictim *victim = quilt_oom_parse_record (record.c_str (), scope);
  std::string text = victim ? victim->name + (" " + std::to_string (victim->pid)) : "-";

  if (victim)
    quilt_victim_free (victim);
  return text;
}

static std::string
record (const std::string &memcg, const std::string &task)
{
  return "6,1234,5678901,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=payload,"
         "mems_allowed=0,oom_memcg=/quilt.slice/quilt-web.scope,task_memcg=" +
         memcg + ",task=" + task + ",uid=0\n SUBSYSTEM=x\n";
}

TEST (Oom, TheVictimOfThisContainerIsNamed)
{
  EXPECT_EQ (parse (record ("/quilt.slice/quilt-web.scope/payload", "tail,pid=42")), "tail 42");
  EXPECT_EQ (parse (record ("/quilt.slice/quilt-web.scope", "tail,pid=42")), "tail 42");
  /* A host in a namespace sees less of the path than the kernel writes. */
  EXPECT_EQ (parse (record ("/outer/quilt.slice/quilt-web.scope/payload", "a b,pid=1")), "a b 1");
}

TEST (Oom, OthersAreNot)
{
  EXPECT_EQ (parse (record ("/quilt.slice/quilt-web.scope2/payload", "tail,pid=42")), "-");
  EXPECT_EQ (parse (record ("/quilt.slice/quilt-other.scope/payload", "tail,pid=42")), "-");
  EXPECT_EQ (parse (record ("/system.slice/x.service", "tail,pid=42")), "-");
  /* Somebody else's container that has made a cgroup like ours below its own. */
  EXPECT_EQ (
      parse (record ("/quilt.slice/quilt-other.scope/quilt.slice/quilt-web.scope", "x,pid=4")),
      "-");
  EXPECT_EQ (parse ("6,1,1,-;Killed process 42 (tail)\n"), "-");
  EXPECT_EQ (parse ("oom-kill:task_memcg=/quilt.slice/quilt-web.scope,task=x,pid=1"), "-");
  EXPECT_EQ (parse (""), "-");
  EXPECT_EQ (parse ("6,1,1,-;oom-kill:"), "-");
  EXPECT_EQ (parse (record ("/quilt.slice/quilt-web.scope", "x")), "-");
  EXPECT_EQ (parse (record ("/quilt.slice/quilt-web.scope", "x,pid=-1")), "-");
  EXPECT_EQ (parse (record ("/quilt.slice/quilt-web.scope", "x,pid=99999999999")), "-");
}

/* Fault 6. */
TEST (Oom, AKillOfAnotherProcessIsNotTheEndOfTheFirst)
{
  const gint64 minutes = 3 * 60 * G_USEC_PER_SEC;
  const struct {
    guint64 kills, named;
    gboolean first_killed, by_child;
    gint64 age_usec;
    gboolean expected;
  } cases[] = {
      {0, 0, FALSE, FALSE, 0, FALSE}, {0, 0, FALSE, TRUE, 0, FALSE},
      {1, 1, FALSE, FALSE, 0, FALSE}, /* of another process, by name */
      {1, 1, TRUE, FALSE, 0, TRUE},   {2, 2, TRUE, FALSE, minutes, TRUE},
      {1, 0, FALSE, FALSE, 0, TRUE}, /* of an unknown one */
      {2, 1, FALSE, FALSE, 0, TRUE},  {1, 0, FALSE, FALSE, minutes, FALSE},
      {1, 1, FALSE, TRUE, 0, TRUE},   {1, 1, FALSE, TRUE, minutes, FALSE},
  };

  for (const auto &it : cases) {
    const gint64 noticed = 1000 * G_USEC_PER_SEC;
    QuiltOom oom = QUILT_OOM_NONE;

    oom.kills = it.kills;
    oom.named = it.named;
    oom.first_killed = it.first_killed;
    oom.kill_usec = it.kills > 0 ? noticed : 0;
    EXPECT_EQ (quilt_oom_ended_first (&oom, it.by_child, noticed + it.age_usec), it.expected)
        << &it - cases;
  }
}

TEST (Oom, ANameMayLie)
{
  EXPECT_EQ (parse (record ("/quilt.slice/quilt-web.scope/payload", "x,pid=7,uid=0,pid=42")),
             "x,pid=7,uid=0 42");
  EXPECT_EQ (parse (record ("/quilt.slice/quilt-web.scope/payload", "\x1b[31m\xff,pid=42")),
             "?[31m\xef\xbf\xbd 42");
}
