/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sandbox of the process that parses untrusted bytes. */
#include "transfer/sandbox.h"

#include "base/error.h"
#include "base/fd.h"
#include "transfer/filter.h"

#include <errno.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 5.19. Earlier versions forbid all links and renames into another directory. */
#define LANDLOCK_ABI_REFER 2

/* xz may need a window of 1 GiB. */
#define MEMORY_MAX ((rlim_t)4 * 1024 * 1024 * 1024)

static const cap_value_t kept[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID,
                                   CAP_SETFCAP};

static const guint64 handled_fs =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
    LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
    LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;

/* Flags that newer kernels have, but the headers of this build may lack. */
#define LANDLOCK_TRUNCATE (G_GUINT64_CONSTANT (1) << 14)
#define LANDLOCK_IOCTL_DEV (G_GUINT64_CONSTANT (1) << 15)
#define LANDLOCK_BIND_TCP (G_GUINT64_CONSTANT (1) << 0)
#define LANDLOCK_CONNECT_TCP (G_GUINT64_CONSTANT (1) << 1)
#define LANDLOCK_ABSTRACT_SOCKETS (G_GUINT64_CONSTANT (1) << 0)
#define LANDLOCK_SIGNALS (G_GUINT64_CONSTANT (1) << 1)

static const guint64 refused_fs = LANDLOCK_IOCTL_DEV | LANDLOCK_ACCESS_FS_EXECUTE |
                                  LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                  LANDLOCK_ACCESS_FS_MAKE_BLOCK;

/* struct landlock_ruleset_attr as of Linux 6.12. The size tells older kernels how much of it to
 * read. */
typedef struct {
  guint64 fs, net, scoped;
} Ruleset;

/* Forbids what later versions of Landlock can forbid: to bind or connect TCP ports (4), to control
 * devices by ioctl (5), and to reach abstract sockets and signal processes outside (6). Version 3
 * brought truncation, which is allowed in our directory. */
static Ruleset
choose_rules (long version, gsize *ret_size)
{
  Ruleset rules = {.fs = handled_fs};

  *ret_size = sizeof rules.fs;
  if (version >= 3)
    rules.fs |= LANDLOCK_TRUNCATE;
  if (version >= 4) {
    rules.net = LANDLOCK_BIND_TCP | LANDLOCK_CONNECT_TCP;
    *ret_size += sizeof rules.net;
  }
  if (version >= 5)
    rules.fs |= LANDLOCK_IOCTL_DEV;
  if (version >= 6) {
    rules.scoped = LANDLOCK_ABSTRACT_SOCKETS | LANDLOCK_SIGNALS;
    *ret_size += sizeof rules.scoped;
  }
  return rules;
}

static gboolean
allow (int rules_fd, int dir_fd, guint64 access)
{
  const struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = dir_fd};

  return syscall (SYS_landlock_add_rule, rules_fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
}

static gboolean
restrict_files (const QuiltSandbox *sandbox)
{
  long version = syscall (SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  gsize size;
  const Ruleset ruleset = choose_rules (version, &size);
  const guint64 refused =
      refused_fs & ~(sandbox->whiteouts ? (guint64)LANDLOCK_ACCESS_FS_MAKE_CHAR : 0);
  g_autofd int fd = -1;
  gboolean ok;

  /* The kernel lacks Landlock, or its command line disables it. */
  if (version < LANDLOCK_ABI_REFER)
    return TRUE;
  fd = (int)syscall (SYS_landlock_create_ruleset, &ruleset, size, 0);
  ok = fd >= 0 && allow (fd, sandbox->dir_fd, ruleset.fs & ~refused);
  for (guint i = 0; ok && sandbox->reads && i < sandbox->reads->len; i++)
    ok = allow (fd, g_array_index (sandbox->reads, int, i),
                LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
  return ok && syscall (SYS_landlock_restrict_self, fd, 0) == 0;
}

static gboolean
limit (__rlimit_resource_t resource, rlim_t max)
{
  struct rlimit current;
  struct rlimit wanted;

  if (getrlimit (resource, &current) < 0)
    return FALSE;
  wanted.rlim_max = MIN (current.rlim_max, max); /* raising a limit needs a privilege */
  wanted.rlim_cur = MIN (current.rlim_cur, max);
  return setrlimit (resource, &wanted) == 0;
}

static gboolean
limit_resources (const QuiltSandbox *sandbox)
{
#ifndef __SANITIZE_ADDRESS__ /* its shadow memory is terabytes of address space */
  if (!limit (RLIMIT_AS, MEMORY_MAX))
    return FALSE;
#endif
  return limit (RLIMIT_NOFILE, sandbox->files_max ? sandbox->files_max : QUILT_SANDBOX_FILES_MAX) &&
         limit (RLIMIT_CORE, 0);
}

static gboolean
leave_network (const QuiltSandbox *sandbox)
{
  return unshare (CLONE_NEWNET | CLONE_NEWIPC) == 0 || errno == EPERM;
}

static gboolean
forbid_privileges (const QuiltSandbox *sandbox)
{
  return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static gboolean
is_kept (const QuiltSandbox *sandbox, cap_value_t cap)
{
  if (cap == CAP_SYS_ADMIN)
    return sandbox->trusted;
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    if (kept[i] == cap)
      return TRUE;
  return FALSE;
}

/* Adds the capability if we have it. */
static gboolean
keep (cap_t old, cap_t caps, cap_value_t cap)
{
  cap_flag_value_t has = CAP_CLEAR;

  return cap_get_flag (old, cap, CAP_PERMITTED, &has) == 0 &&
         cap_set_flag (caps, CAP_PERMITTED, 1, &cap, has) == 0 &&
         cap_set_flag (caps, CAP_EFFECTIVE, 1, &cap, has) == 0;
}

static gboolean
drop_capabilities (const QuiltSandbox *sandbox)
{
  cap_t old = cap_get_proc ();
  cap_t caps = cap_init ();
  gboolean ok = old && caps;

  for (cap_value_t cap = 0; ok && cap < cap_max_bits (); cap++)
    ok = is_kept (sandbox, cap) || cap_drop_bound (cap) == 0 || errno == EPERM;
  for (guint i = 0; ok && i < G_N_ELEMENTS (kept); i++)
    ok = keep (old, caps, kept[i]);
  if (ok && sandbox->trusted)
    ok = keep (old, caps, CAP_SYS_ADMIN);
  ok = ok && cap_set_proc (caps) == 0; /* also clears the inheritable and the ambient set */
  cap_free (old);
  cap_free (caps);
  return ok;
}

static gboolean
filter_calls (const QuiltSandbox *sandbox)
{
  return quilt_filter_install ();
}

/* The order matters: later steps remove what earlier steps need. */
static const struct {
  const char *what;
  gboolean (*enter) (const QuiltSandbox *sandbox);
} steps[] = {
    {"forbid new privileges", forbid_privileges}, {"leave the network", leave_network},
    {"limit resources", limit_resources},         {"restrict access to files", restrict_files},
    {"drop capabilities", drop_capabilities},     {"filter system calls", filter_calls},
};

gboolean
quilt_sandbox_enter (const QuiltSandbox *sandbox, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    if (!steps[i].enter (sandbox))
      return quilt_set_error_errno (error, errno, "Failed to %s", steps[i].what);
  return TRUE;
}
