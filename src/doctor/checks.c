/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of the kernel, its cgroups, namespaces, filters and security modules. */
#include "doctor/checks.h"

#include "base/fd.h"
#include "cgroup/tree.h"
#include "doctor/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The oldest kernel that Quilt is tested with. */
#define KERNEL_MAJOR 6
#define KERNEL_MINOR 1

gboolean
quilt_kernel_parse (const char *release, guint *ret_major, guint *ret_minor)
{
  return sscanf (release, "%u.%u", ret_major, ret_minor) == 2;
}

static void
look_at_kernel (const char *state_dir, QuiltFinding *ret)
{
  struct utsname name;
  guint major, minor;

  if (uname (&name) < 0 || !quilt_kernel_parse (name.release, &major, &minor))
    quilt_finding_set (ret, QUILT_VERDICT_LIMITED, "", "its version is unknown");
  else if (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR))
    quilt_finding_set (ret, QUILT_VERDICT_MISSING, "Use Linux 6.1 or later.", "Linux %s",
                       name.release);
  else
    quilt_finding_set (ret, QUILT_VERDICT_GOOD, "", "Linux %s", name.release);
}

static char *
read_text (int dir_fd, const char *path)
{
  g_autofd int fd = openat (dir_fd, path, O_RDONLY | O_CLOEXEC);
  char text[4096];
  ssize_t n = fd < 0 ? -1 : read (fd, text, sizeof text - 1);

  if (n < 0)
    return NULL;
  text[n] = '\0';
  return g_strdup (g_strchomp (text));
}

char *
quilt_controllers_missing (const char *controllers, const char *const *wanted)
{
  g_auto (GStrv) there = g_strsplit_set (controllers, " \n", -1);
  g_autoptr (GString) missing = g_string_new (NULL);

  for (; *wanted; wanted++)
    if (!g_strv_contains ((const char *const *)there, *wanted))
      g_string_append_printf (missing, "%s%s", missing->len ? " " : "", *wanted);
  return g_string_free (g_steal_pointer (&missing), FALSE);
}

static void
look_at_controllers (const char *state_dir, QuiltFinding *ret)
{
  static const char *const wanted[] = {"cpu", "cpuset", "io", "memory", "pids", NULL};
  g_autofd int root_fd = quilt_cgroup_open_root ();
  g_autofree char *controllers = root_fd < 0 ? NULL : read_text (root_fd, "cgroup.controllers");
  g_autofree char *missing = controllers ? quilt_controllers_missing (controllers, wanted) : NULL;

  if (!controllers)
    quilt_finding_set (ret, QUILT_VERDICT_MISSING,
                       "Boot with the kernel option systemd.unified_cgroup_hierarchy=1.",
                       "there is no cgroup2 file system");
  else if (*missing)
    quilt_finding_set (ret, QUILT_VERDICT_LIMITED,
                       "Limits of these kinds have no effect. Boot with the kernel option "
                       "systemd.unified_cgroup_hierarchy=1, and with a kernel that has them.",
                       "cgroup2 has no controller for: %s", missing);
  else
    quilt_finding_set (ret, QUILT_VERDICT_GOOD, "", "cgroup2 with %s", controllers);
}

/* Loads the smallest program, which allows everything. */
static gboolean
can_load_bpf (guint type, guint attach_type)
{
  const struct bpf_insn allow[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr attr = {
      .prog_type = type,
      .insns = (guint64)(gsize)allow,
      .insn_cnt = G_N_ELEMENTS (allow),
      .license = (guint64)(gsize) "GPL",
      .expected_attach_type = attach_type,
  };
  g_autofd int fd = (int)syscall (SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);

  return fd >= 0;
}

static void
look_at_cgroup_bpf (const char *state_dir, QuiltFinding *ret)
{
  gboolean devices = can_load_bpf (BPF_PROG_TYPE_CGROUP_DEVICE, BPF_CGROUP_DEVICE);
  gboolean addresses = can_load_bpf (BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS);

  if (devices && addresses)
    quilt_finding_set (ret, QUILT_VERDICT_GOOD, "", "devices and IP addresses can be filtered");
  else
    quilt_finding_set (ret, QUILT_VERDICT_LIMITED,
                       "systemd can't enforce DevicePolicy= or IPAddressDeny=. Let it run with "
                       "CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON on a kernel with CONFIG_CGROUP_BPF.",
                       "filters can't be loaded for: %s%s%s", devices ? "" : "devices",
                       !devices && !addresses ? " " : "", addresses ? "" : "IP addresses");
}

static void
look_at_user_namespaces (const char *state_dir, QuiltFinding *ret)
{
  g_autofree char *max = read_text (AT_FDCWD, "/proc/sys/user/max_user_namespaces");

  if (!max)
    quilt_finding_set (ret, QUILT_VERDICT_MISSING,
                       "Use a kernel with CONFIG_USER_NS, or run containers with --userns=host.",
                       "this kernel does not support them");
  else if (g_ascii_strtoull (max, NULL, 10) == 0)
    quilt_finding_set (ret, QUILT_VERDICT_MISSING,
                       "Raise the sysctl user.max_user_namespaces, or run containers with "
                       "--userns=host.",
                       "the sysctl user.max_user_namespaces is 0");
  else
    quilt_finding_set (ret, QUILT_VERDICT_GOOD, "", "up to %s of them", max);
}

static void
look_at_seccomp (const char *state_dir, QuiltFinding *ret)
{
  guint32 action = SECCOMP_RET_ERRNO;

  if (syscall (SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
    quilt_finding_set (ret, QUILT_VERDICT_GOOD, "", "system calls can be filtered");
  else
    quilt_finding_set (ret, QUILT_VERDICT_MISSING,
                       "Use a kernel with CONFIG_SECCOMP_FILTER, or run containers with "
                       "--security-opt seccomp=unconfined.",
                       "system calls can't be filtered: %s", g_strerror (errno));
}

static void
look_at_lsm (const char *state_dir, QuiltFinding *ret)
{
  g_autofree char *apparmor = read_text (AT_FDCWD, "/sys/module/apparmor/parameters/enabled");
  g_autofree char *selinux = read_text (AT_FDCWD, "/sys/fs/selinux/enforce");

  if (apparmor && *apparmor == 'Y')
    quilt_finding_set (ret, QUILT_VERDICT_GOOD, "", "AppArmor is on");
  else if (selinux)
    quilt_finding_set (ret, *selinux == '1' ? QUILT_VERDICT_GOOD : QUILT_VERDICT_LIMITED,
                       *selinux == '1' ? "" : "See setenforce(8).", "SELinux is %s",
                       *selinux == '1' ? "enforcing" : "permissive");
  else
    quilt_finding_set (ret, QUILT_VERDICT_LIMITED,
                       "Containers run without this extra protection: boot with AppArmor or "
                       "SELinux.",
                       "neither AppArmor nor SELinux is on");
}

static void
look_at_landlock (const char *state_dir, QuiltFinding *ret)
{
  long version = syscall (SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

  if (version > 0)
    quilt_finding_set (ret, QUILT_VERDICT_GOOD, "", "version %ld", version);
  else
    quilt_finding_set (
        ret, QUILT_VERDICT_LIMITED,
        "Imports run without this protection. Boot with landlock in the kernel option "
        "lsm=.",
        "it is off: %s", g_strerror (errno));
}

static void
look_at_space (const char *state_dir, QuiltFinding *ret)
{
  struct statfs fs;
  guint64 percent;

  if (statfs (state_dir, &fs) < 0) {
    quilt_finding_set (ret, QUILT_VERDICT_MISSING, "Make the state directory readable.", "%s: %s",
                       state_dir, g_strerror (errno));
    return;
  }
  percent = fs.f_blocks ? (guint64)fs.f_bavail * 100 / (guint64)fs.f_blocks : 0;
  if (percent < 5 || (fs.f_files > 0 && (guint64)fs.f_ffree * 100 / (guint64)fs.f_files < 5))
    quilt_finding_set (ret, QUILT_VERDICT_LIMITED,
                       "Remove images and containers, or make the file system larger.",
                       "%s is almost full", state_dir);
  else
    quilt_finding_set (ret, QUILT_VERDICT_GOOD, "", "%s has %" G_GUINT64_FORMAT " %% free",
                       state_dir, percent);
}

const QuiltCheck quilt_checks[] = {
    {"kernel", look_at_kernel},
    {"cgroup controllers", look_at_controllers},
    {"cgroup filters", look_at_cgroup_bpf},
    {"user namespaces", look_at_user_namespaces},
    {"seccomp", look_at_seccomp},
    {"security module", look_at_lsm},
    {"landlock", look_at_landlock},
    {"space", look_at_space},
    {"trial container", quilt_trial_look},
};
const guint quilt_n_checks = G_N_ELEMENTS (quilt_checks);
