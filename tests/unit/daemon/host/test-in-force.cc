/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's data about a process, as JSON. */
#include "base/cgroups.h"
#include "base/check.h"

extern "C" {
#include "base/fd.h"
#include "base/json.h"
#include "daemon/host/in-force.h"
}

#include <fcntl.h>

static std::string
print (json_object *object)
{
  g_autofree char *text = quilt_json_print (object, FALSE);

  json_object_put (object);
  return text;
}

TEST (InForce, AStatus)
{
  json_object *object = json_object_new_object ();

  quilt_in_force_add_status (object, "Name:\tsh\nUid:\t100000\t100000\t100000\t100001\n"
                                     "Gid:\t5\t5\t5\t5\nGroups:\t5 6 \nNoNewPrivs:\t1\n"
                                     "CapInh:\t0000000000000000\nCapPrm:\t0000000000000001\n"
                                     "CapEff:\t0000000000000003\nCapBnd:\t8000000000000000\n"
                                     "CapAmb:\t0000000000000000\nSeccomp:\t2\n");
  EXPECT_EQ (print (object),
             "{\"user\":{\"uids\":[100000,100000,100000,100001],\"gids\":[5,5,5,5],"
             "\"groups\":[5,6]},\"capabilities\":{\"bounding\":[\"63\"],"
             "\"effective\":[\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\"],\"permitted\":[\"CAP_CHOWN\"],"
             "\"inheritable\":[],\"ambient\":[]},\"no_new_privileges\":true,"
             "\"seccomp\":\"filter\"}");
}

TEST (InForce, AStatusWithoutAnything)
{
  json_object *object = json_object_new_object ();

  quilt_in_force_add_status (object, "Seccomp:\t9\nNoNewPrivsX:\t1\n");
  EXPECT_EQ (print (object),
             "{\"user\":{\"uids\":[],\"gids\":[],\"groups\":[]},\"capabilities\":{"
             "\"bounding\":null,\"effective\":null,\"permitted\":null,\"inheritable\":null,"
             "\"ambient\":null},\"no_new_privileges\":null,\"seccomp\":null}");
}

TEST (InForce, Limits)
{
  EXPECT_EQ (print (quilt_in_force_limits (
                 "Limit                     Soft Limit           Hard Limit           Units     \n"
                 "Max cpu time              unlimited            unlimited            seconds   \n"
                 "Max open files            1024                 524288               files     \n"
                 "Max nice priority         0                    0                    \n"
                 "Max open\n")),
             "{\"CPU\":[null,null],\"NICE\":[0,0],\"NOFILE\":[1024,524288]}");
}

TEST (InForce, Maps)
{
  EXPECT_EQ (print (quilt_in_force_map ("         0     524288      65536\n70000 1 1\nnonsense\n")),
             "[\"0:524288:65536\",\"70000:1:1\"]");
}

static bool
is_read (const std::string &scope, pid_t pid)
{
  const std::string path = "/proc/" + std::to_string (pid);
  g_autofd int fd = open (path.c_str (), O_PATH | O_DIRECTORY | O_CLOEXEC);
  json_object *object = quilt_in_force_read (fd, scope.c_str ());
  const bool found = object != nullptr;

  json_object_put (object);
  return found;
}

/* A user may name cgroups of a delegated slice like the container's. */
TEST (InForce, OnlyTheScopesOwnProcessIsRead)
{
  TestCgroups cgroups;

  if (geteuid () != 0)
    GTEST_SKIP () << "needs root";
  if (!cgroups.can_make ())
    GTEST_SKIP () << "needs a cgroup2 and a static /bin/busybox";
  const std::string web = cgroups.make ("/quilt.slice/quilt-web.scope");

  EXPECT_TRUE (is_read (web, cgroups.add ("/quilt.slice/quilt-web.scope/payload")));
  EXPECT_TRUE (is_read (web, cgroups.add ("/quilt.slice/quilt-web.scope/payload/below")));
  for (const char *other :
       {"/user.slice/quilt.slice/quilt-web.scope/payload", "/user.slice/quilt-web.scope/payload",
        "/quilt.slice/quilt-web.scope/payload-x", "/quilt.slice/quilt-web.scope/supervisor"})
    EXPECT_FALSE (is_read (web, cgroups.add (other))) << other;
}

TEST (InForce, AnotherScopesProcessIsNone)
{
  EXPECT_FALSE (is_read ("/quilt.slice/quilt-nobody.scope", getpid ()));
}
