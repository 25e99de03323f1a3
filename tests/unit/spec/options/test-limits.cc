/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of processes, settings of the kernel, file systems in memory. */
#include "base/check.h"

#include <sys/resource.h>

extern "C" {
#include "spec/oci/oci.h"
#include "spec/options/tmpfs.h"
#include "spec/rlimits.h"
#include "spec/sysctl.h"
}

TEST (Rlimits, AreReadAsPeopleTypeThem)
{
  const struct {
    const char *text;
    int resource;
    guint64 soft, hard;
  } cases[] = {
      {"nofile=10:20", RLIMIT_NOFILE, 10, 20},
      {"nproc=7", RLIMIT_NPROC, 7, 7},
      {"core=-1", RLIMIT_CORE, G_MAXUINT64, G_MAXUINT64},
      {"stack=0:unlimited", RLIMIT_STACK, 0, G_MAXUINT64},
  };

  for (const auto &c : cases) {
    Error error;
    QuiltRlimit limit = {};

    ASSERT_TRUE (quilt_rlimit_parse ("ulimits", c.text, &limit, error.out ())) << error.message ();
    EXPECT_EQ (limit.resource, c.resource) << c.text;
    EXPECT_EQ (limit.soft, c.soft) << c.text;
    EXPECT_EQ (limit.hard, c.hard) << c.text;
  }
  EXPECT_STREQ (quilt_rlimit_to_name (RLIMIT_NOFILE), "RLIMIT_NOFILE");
  EXPECT_EQ (quilt_rlimit_to_name (99), nullptr);
}

TEST (Rlimits, LeaveTheOutputUntouchedOnFailure)
{
  Error error;
  QuiltRlimit limit = {3, 4, 5};

  EXPECT_FALSE (quilt_rlimit_parse ("ulimits", "nofile=5:1", &limit, error.out ()));
  EXPECT_TRUE (limit.resource == 3 && limit.soft == 4 && limit.hard == 5);
}

TEST (Sysctls, ArePathsBelowProcSys)
{
  const struct {
    const char *key, *path;
  } cases[] = {
      {"net.ipv4.ip_forward", "net/ipv4/ip_forward"},
      {"net/ipv4/conf/eth0.1/forwarding", "net/ipv4/conf/eth0.1/forwarding"},
      {"net.ipv4.conf.eth0/1.forwarding", "net/ipv4/conf/eth0.1/forwarding"},
      {"kernel.sem", "kernel/sem"},
  };
  char path[QUILT_SYSCTL_MAX];

  for (const auto &c : cases) {
    ASSERT_TRUE (quilt_sysctl_to_path (c.key, path)) << c.key;
    EXPECT_STREQ (path, c.path);
  }
  for (const char *key : {"", ".", "..", "net..x", "net/../x", "net.//.x", "/net/x", "net/x/",
                          "net x", "net.\xff", "a/./b"})
    EXPECT_FALSE (quilt_sysctl_to_path (key, path)) << key;
  EXPECT_TRUE (quilt_sysctl_to_path (std::string (QUILT_SYSCTL_MAX - 1, 'x').c_str (), path));
  EXPECT_FALSE (quilt_sysctl_to_path (std::string (QUILT_SYSCTL_MAX, 'x').c_str (), path));
}

TEST (Sysctls, NeedTheirNamespace)
{
  const struct {
    const char *key;
    guint needed;
  } cases[] = {
      {"net.ipv4.ip_forward", QUILT_NS_NETWORK}, {"net/core/somaxconn", QUILT_NS_NETWORK},
      {"kernel.shmmax", QUILT_NS_IPC},           {"kernel.shm_rmid_forced", QUILT_NS_IPC},
      {"kernel.msgmnb", QUILT_NS_IPC},           {"kernel.sem", QUILT_NS_IPC},
      {"fs.mqueue.msg_max", QUILT_NS_IPC},       {"kernel.domainname", QUILT_NS_UTS},
  };

  for (const auto &c : cases) {
    EXPECT_EQ (quilt_sysctl_refusal (c.key, "1", c.needed), nullptr) << c.key;
    EXPECT_NE (quilt_sysctl_refusal (c.key, "1", ~c.needed), nullptr) << c.key;
  }
  for (const char *key : {"kernel.core_pattern", "kernel.hostname", "vm.swappiness", "fs.file-max",
                          "kernel.semx", "network", "netx/y", "fs.mqueuex.y", "kernel"})
    EXPECT_NE (quilt_sysctl_refusal (key, "1", ~0U), nullptr) << key;
  EXPECT_NE (quilt_sysctl_refusal ("net.x", std::string (4096, '1').c_str (), ~0U), nullptr);
}

TEST (Tmpfs, IsPathAndMountOptions)
{
  const struct {
    const char *text, *path, *options;
  } cases[] = {
      {"/a", "/a", "nosuid|nodev|noexec|mode=1777|"},
      {"/a/b:", "/a/b", "nosuid|nodev|noexec|mode=1777|"},
      {"/a:size=1k,mode=700,exec", "/a", "size=1024|mode=700|nosuid|nodev|exec|"},
      {"/a:ro,size=50%,uid=5,gid=6,nr_inodes=7", "/a",
       "size=50%|uid=5|gid=6|nr_inodes=7|nosuid|nodev|noexec|ro|mode=1777|"},
      {R"(/a\:,b\\:ro)", R"(/a:,b\)", "nosuid|nodev|noexec|ro|mode=1777|"}, /* Fault 22. */
      {"/dev/x:dev,suid,rw,noatime", "/dev/x", "suid|dev|noexec|rw|noatime|mode=1777|"},
  };

  for (const auto &c : cases) {
    Error error;
    char *path = nullptr, **options = nullptr;
    g_autoptr (GVariant) entry = quilt_tmpfs_shape.from_text ("--tmpfs", c.text, error.out ());

    ASSERT_TRUE (entry && quilt_tmpfs_read ("tmpfs", g_variant_ref_sink (entry), &path, &options,
                                            error.out ()))
        << error.message ();
    EXPECT_EQ (take (path), c.path);
    EXPECT_EQ (join (options), c.options);
    g_strfreev (options);
  }
}

TEST (Tmpfs, RefusesAThirdPart)
{
  Error error;

  EXPECT_EQ (quilt_tmpfs_shape.from_text ("--tmpfs", "/a:ro:rw", error.out ()), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT,
                         "option --tmpfs to '/a:ro:rw': must be PATH[:OPTION,...]; write"));
}
