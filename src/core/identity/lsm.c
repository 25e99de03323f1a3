/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Confinement by a security module, AppArmor or SELinux, from the execution of the command on. */
#include "core/identity/lsm.h"

#include "base/fd.h"
#include "spec/labels.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* A container that can change /proc could divert the label to a file of its own and run unconfined
 * (CVE-2019-16884). So the label is written before anything of the container is mounted. The file
 * must be on procfs itself, with nothing mounted over it. */
static int
open_attribute (const char *path)
{
  struct open_how how = {
      .flags = O_WRONLY | O_CLOEXEC,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
  };
  g_autofd int proc_fd = open ("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  struct statfs fs;
  int fd;

  if (proc_fd < 0 || fstatfs (proc_fd, &fs) < 0)
    return -errno;
  if (fs.f_type != PROC_SUPER_MAGIC)
    return -EXDEV;
  fd = (int)syscall (SYS_openat2, proc_fd, path, &how, sizeof how);
  return fd < 0 ? -errno : fd;
}

/* The kernel wants the text in one write. */
static int
write_attribute (const char *path, const char *text)
{
  g_autofd int fd = -1;
  int r = open_attribute (path);
  ssize_t n;

  if (r < 0)
    return r;
  fd = r;
  n = write (fd, text, strlen (text));
  if (n < 0)
    return -errno;
  return (gsize)n == strlen (text) ? 0 : -EIO;
}

static int
apply_profile (const char *profile)
{
  char text[300];
  int r;

  if (g_snprintf (text, sizeof text, "exec %s", profile) >= (int)sizeof text)
    return -ENAMETOOLONG;
  r = write_attribute ("thread-self/attr/apparmor/exec", text);
  /* Before Linux 5.1, AppArmor had no directory of its own and used the common file. */
  return r == -ENOENT && access ("/proc/self/attr/apparmor", F_OK) < 0
             ? write_attribute ("thread-self/attr/exec", text)
             : r;
}

int
quilt_lsm_apply (const QuiltProcess *process, const char **ret_object)
{
  const char *profile = process->apparmor_profile;
  int r = 0;

  if (profile && *profile && strcmp (profile, QUILT_APPARMOR_UNCONFINED) != 0) {
    *ret_object = profile;
    r = apply_profile (profile);
  }
  if (r == 0 && process->selinux_label && *process->selinux_label) {
    *ret_object = process->selinux_label;
    r = write_attribute ("thread-self/attr/exec", process->selinux_label);
  }
  return r;
}
