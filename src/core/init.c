/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's init, from the clone to the execution of the command. */
#include "core/init.h"

#include "base/beneath.h"
#include "base/fd.h"
#include "core/command.h"
#include "core/credentials.h"
#include "core/descriptors.h"
#include "core/hook.h"
#include "core/limits.h"
#include "core/lsm.h"
#include "core/reaper.h"
#include "core/seccomp.h"
#include "core/signals.h"
#include "core/steps.h"
#include "core/sysctl.h"
#include "core/terminal.h"
#include "core/trees.h"
#include "core/user-namespace.h"
#include "spec/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void
quilt_init_fail (
    const QuiltInit *init, QuiltStage stage, int error, const char *object, const char *detail)
{
  QuiltReport report;

  quilt_report_init (&report, QUILT_REPORT_STAGE_FAILED);
  report.stage = (guint8)stage;
  report.error = error;
  g_strlcpy (report.object, object, sizeof report.object);
  g_strlcpy (report.detail, detail, sizeof report.detail);
  quilt_report_send (init->channel, &report);
  _exit (255);
}

static void
send_report (const QuiltInit *init, QuiltReportType type)
{
  QuiltReport report;

  quilt_report_init (&report, type);
  if (!quilt_report_send (init->channel, &report) && !init->setup->outlives)
    _exit (255);
}

void
quilt_init_wait (const QuiltInit *init)
{
  char word;
  ssize_t n;

  do
    n = recv (init->channel, &word, 1, 0);
  while (n < 0 && errno == EINTR);
  if (n != 1)
    _exit (255);
}

static void
die_with_parent (void)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0); /* nobody reads our memory or borrows our descriptors */
}

/* A copy of the caller has its descriptors too. */
static void
take_descriptors (const QuiltInit *init)
{
  const QuiltPayloadSetup *setup = init->setup;
  int keep[5 + QUILT_JOINS_MAX] = {init->channel, setup->gate, setup->console,
                                   setup->creating_state, setup->created_state};
  guint n = 5;
  int r;

  for (guint i = 0; i < init->joins->n; i++)
    keep[n++] = init->joins->fds[i];
  r = quilt_descriptors_set_stdio (setup->stdio);
  if (r == 0)
    r = quilt_descriptors_close (setup->n_preserved, keep, n);
  if (r < 0 || setsid () < 0)
    quilt_init_fail (init, QUILT_STAGE_PREPARE, r < 0 ? -r : errno, "", "");
  umask (0);
}

static gboolean
is_mapped (const QuiltInit *init)
{
  return quilt_spec_leaves_host (init->spec, QUILT_NS_USER);
}

/* While the host's /proc is still there. In a user namespace the supervisor does it, who may lower
 * it too. */
static void
set_oom_score (const QuiltInit *init)
{
  g_autofd int fd = -1;
  char text[16];
  int n;

  if (!init->spec->process.has_oom_score_adj || is_mapped (init))
    return;
  n = g_snprintf (text, sizeof text, "%d", (int)init->spec->process.oom_score_adj);
  fd = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || !quilt_fd_write_all (fd, text, (gsize)n))
    quilt_init_fail (init, QUILT_STAGE_OOM_SCORE, errno, text, "");
}

/* As early as that, since the /proc that it needs is nobody's but the host's. It holds from the
 * next execve(), of a setup step as of the command. */
static void
confine (const QuiltInit *init)
{
  const char *object = "";
  char quoted[512];
  int r = quilt_lsm_apply (&init->spec->process, &object);

  if (r == 0)
    return;
  g_snprintf (quoted, sizeof quoted, "'%s'", object);
  quilt_init_fail (init, QUILT_STAGE_CONFINE, -r, quoted, "");
}

static void
bring_loopback_up (const QuiltInit *init)
{
  g_autofd int fd = -1;
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};

  if (!(init->spec->namespaces & QUILT_NS_NETWORK))
    return;
  fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ioctl (fd, SIOCSIFFLAGS, &request) < 0)
    quilt_init_fail (init, QUILT_STAGE_LOOPBACK, errno, "", "");
}

static void
set_hostname (const QuiltInit *init)
{
  const char *name = init->spec->hostname;

  if (name && sethostname (name, strlen (name)) < 0)
    quilt_init_fail (init, QUILT_STAGE_HOSTNAME, errno, name, "");
  name = init->spec->domainname;
  if (name && setdomainname (name, strlen (name)) < 0)
    quilt_init_fail (init, QUILT_STAGE_DOMAINNAME, errno, name, "");
}

/* While no tree but the host's is ours. */
static void
set_sysctls (const QuiltInit *init, gboolean is_last, guint64 *done)
{
  const char *key;
  int r = quilt_sysctls_apply (init->spec, is_last, done, &key);
  char quoted[QUILT_SYSCTL_MAX + 2];

  if (r >= 0)
    return;
  g_snprintf (quoted, sizeof quoted, "'%s'", key ? key : "");
  quilt_init_fail (init, QUILT_STAGE_SYSCTL, -r, key ? quoted : "settings",
                   r == -ENOENT ? "this kernel has no such setting for a container" : "");
}

static void
set_limits (const QuiltInit *init)
{
  const QuiltRlimit *failed;
  int r = quilt_limits_apply (init->spec, &failed);

  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_RLIMIT, -r, quilt_rlimit_to_name (failed->resource), "");
}

static void
fail_mount (const QuiltInit *init, const QuiltMountOp *op, int error, const char *detail)
{
  static const QuiltStage stages[] = {
      [QUILT_MOUNT_NEW] = QUILT_STAGE_MOUNT,
      [QUILT_MOUNT_BIND] = QUILT_STAGE_MOUNT,
      [QUILT_MOUNT_MASK] = QUILT_STAGE_MASK,
      [QUILT_MOUNT_READONLY] = QUILT_STAGE_READONLY,
  };
  char object[512];

  if (op->kind == QUILT_MOUNT_NEW || op->kind == QUILT_MOUNT_BIND)
    g_snprintf (object, sizeof object, "%s on '%s'",
                op->kind == QUILT_MOUNT_NEW ? op->type : op->source, op->target);
  else
    g_snprintf (object, sizeof object, "'%s'", op->target);
  quilt_init_fail (init, stages[op->kind], error, object, detail);
}

static void
apply_mounts (const QuiltInit *init, int root_fd, gboolean late)
{
  const QuiltMountOp *failed = NULL;
  char detail[256] = "";
  int r;

  r = quilt_mounts_apply (init->mounts, root_fd, late, detail, sizeof detail, &failed);
  if (r < 0)
    fail_mount (init, failed, -r, detail);
}

static void
run_hooks (const QuiltInit *init, const GPtrArray *hooks, int state_fd, QuiltStage stage)
{
  QuiltHookResult result;
  QuiltReport report;

  for (guint i = 0; i < hooks->len; i++) {
    const QuiltHook *hook = hooks->pdata[i];

    if (quilt_hook_run (hook, state_fd, init->setup->hook_env, &result))
      continue;
    quilt_report_init (&report, QUILT_REPORT_HOOK_FAILED);
    report.stage = (guint8)stage;
    report.error = result.error;
    report.status = result.status;
    report.timed_out = (guint8)result.timed_out;
    g_strlcpy (report.object, hook->path, sizeof report.object);
    g_strlcpy (report.detail, result.said, sizeof report.detail);
    quilt_report_send (init->channel, &report);
    _exit (255);
  }
}

/* All is mounted, and the host's tree is still there: those of the caller, and then ours, run now.
 */
static void
run_hooks_before_pivot (const QuiltInit *init)
{
  const QuiltSpec *spec = init->spec;

  if (spec->prestart->len + spec->create_runtime->len + spec->create_container->len == 0)
    return;
  send_report (init, QUILT_REPORT_MOUNTED);
  quilt_init_wait (init);
  run_hooks (init, spec->create_container, init->setup->creating_state,
             QUILT_STAGE_CREATE_CONTAINER);
}

/* From here on the root is the container's, and nothing of the host's tree can be reached by path.
 * The new root is stacked on the old one, which is then taken off: pivot_root(2). */
static void
enter_root (const QuiltInit *init, int root_fd)
{
  int r = fchdir (root_fd);

  if (r == 0 && init->setup->no_pivot)
    r = mount (".", "/", NULL, MS_MOVE, NULL) < 0 ? -1 : chroot (".");
  else if (r == 0)
    r = syscall (SYS_pivot_root, ".", ".") < 0 ? -1 : umount2 (".", MNT_DETACH);
  if (r < 0 || chdir ("/") < 0)
    quilt_init_fail (init, QUILT_STAGE_PIVOT, errno, "", "");
}

/* Until here we are the host's root to every file, without capabilities; from here on the
 * container's, with all of them in its namespaces alone. What was opened before stays open. */
static void
enter_user_namespace (const QuiltInit *init)
{
  int r = quilt_trees_receive (init->mounts, init->channel);

  if (r == -ECONNRESET)
    _exit (255);
  if (r == 0)
    r = quilt_user_namespace_become_root ();
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_USER_NAMESPACE, -r, "", "");
  die_with_parent (); /* a change of ids has ended both */
}

static int
build_root (const QuiltInit *init)
{
  struct mount_attr private = {.propagation = MS_PRIVATE};
  g_autofd int place_fd = -1;
  char detail[256] = "";
  guint64 sysctls = 0;
  int root_fd = -1;
  int r;

  set_sysctls (init, !is_mapped (init), &sysctls);
  /* Private, not slave: neither may our mounts be seen in the host's namespace nor its later ones
   * come to us. */
  if (mount_setattr (AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof private) < 0)
    quilt_init_fail (init, QUILT_STAGE_PRIVATE, errno, "", "");
  place_fd = open (init->spec->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (place_fd < 0)
    fail_mount (init, init->mounts->root, errno, "");
  if (is_mapped (init)) {
    enter_user_namespace (init);
    set_sysctls (init, TRUE, &sysctls);
  }
  r = quilt_mounts_apply_root (init->mounts, init->spec->root_path, place_fd, detail, sizeof detail,
                               &root_fd);
  if (r < 0)
    fail_mount (init, init->mounts->root, -r, detail);
  apply_mounts (init, root_fd, FALSE);
  return root_fd;
}

/* A process more in a container that is there: its cgroup's namespace and its mounts, last of all.
 */
static void
enter_container (const QuiltInit *init)
{
  int r;

  if (is_mapped (init))
    enter_user_namespace (init);
  r = quilt_joins_enter (init->joins);
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_PIVOT, -r, "", "");
}

/* After GO: we are in the payload's cgroup, which becomes the root of what the container sees. */
static void
finish_root (const QuiltInit *init)
{
  struct mount_attr readonly = {.attr_set = MOUNT_ATTR_RDONLY};
  g_autofd int root_fd = -1;

  if ((init->spec->namespaces & QUILT_NS_CGROUP) && unshare (CLONE_NEWCGROUP) < 0)
    quilt_init_fail (init, QUILT_STAGE_CGROUP_NAMESPACE, errno, "", "");
  root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root_fd < 0)
    quilt_init_fail (init, QUILT_STAGE_PIVOT, errno, "", "");
  apply_mounts (init, root_fd, TRUE);
  if (init->spec->root_readonly &&
      mount_setattr (root_fd, "", AT_EMPTY_PATH, &readonly, sizeof readonly) < 0)
    quilt_init_fail (init, QUILT_STAGE_READONLY, errno, "'/'", "");
}

/* The keys of whoever started quiltd are not the container's. */
static void
join_keyring (const QuiltInit *init)
{
  if (init->setup->keeps_keyring)
    return;
  if (syscall (SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
    quilt_init_fail (init, QUILT_STAGE_KEYRING, errno, "", "");
}

/* A working directory of /proc/self/fd/N, or behind such a link, would lead out (CVE-2024-21626):
 * no magic link is followed, no directory is open but this one, and the kernel has to know its
 * path. */
static void
enter_cwd (const QuiltInit *init, guint step)
{
  const char *path = init->spec->process.cwd ? init->spec->process.cwd : "/";
  g_autofd int root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autofd int fd = -1;
  char quoted[512], real[PATH_MAX];

  g_snprintf (quoted, sizeof quoted, "'%s'", path);
  if (root_fd >= 0)
    fd = quilt_open_in_root (root_fd, path, O_PATH | O_DIRECTORY, 0);
  if (fd < 0 && errno == ENOENT && step > 0) /* a step may be what makes it */
    fd = quilt_open_in_root (root_fd, "/", O_PATH | O_DIRECTORY, 0);
  if (fd < 0 || fchdir (fd) < 0)
    quilt_init_fail (init, QUILT_STAGE_CWD, errno, quoted, "");
  if (syscall (SYS_getcwd, real, sizeof real) < 0 || real[0] != '/')
    quilt_init_fail (init, QUILT_STAGE_CWD, ENOENT, quoted, "it is not inside the container");
}

static void
filter_calls (const QuiltInit *init)
{
  int r = quilt_seccomp_apply (init->spec);

  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_SECCOMP, -r, "", "");
}

static gboolean
is_named (const QuiltInit *init)
{
  return g_hash_table_lookup (init->spec->annotations, QUILT_ANNOTATION_USER) != NULL;
}

/* After the steps, which may have made the user. The output is his: so that he can open /dev/stdout
 * by name, and no harm is done if he can't. */
static void
look_user_up (QuiltInit *init, QuiltIdentity *identity)
{
  const char *object = "", *why = "";
  int r = quilt_identity_resolve (init->spec, identity, &object, &why);
  char quoted[512];

  if (r < 0) {
    g_snprintf (quoted, sizeof quoted, "'%.*s'", (int)strcspn (object, ",:"), object);
    quilt_init_fail (init, *object == '/' ? QUILT_STAGE_PASSWD : QUILT_STAGE_USER, *why ? 0 : -r,
                     quoted, why);
  }
  if (init->home && !*identity->home)
    quilt_identity_find_home (identity);
  if (init->home)
    *init->home = identity->home;
  if (is_named (init) && identity->uid != 0 &&
      (fchown (1, identity->uid, identity->gid) < 0 ||
       fchown (2, identity->uid, identity->gid) < 0))
    errno = 0;
}

void
quilt_init_become (const QuiltInit *init, char *const *argv, char *const *env, guint step)
{
  const QuiltProcess *process = &init->spec->process;
  QuiltReport report;
  const char *missing;
  char detail[96] = "";
  int r;

  join_keyring (init);
  if (init->spec->personality >= 0 && personality ((unsigned long)init->spec->personality) < 0)
    quilt_init_fail (init, QUILT_STAGE_PERSONALITY, errno, "", "");
  /* To load it takes no_new_privs or a capability that we are about to lose; then it has to allow
   * what follows here. */
  if (!process->no_new_privileges)
    filter_calls (init);
  r = quilt_credentials_apply (init->spec, init->identity, &missing);
  if (r < 0 && *missing)
    g_snprintf (detail, sizeof detail, "quiltd has no %s that it could give", missing);
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_CREDENTIALS, -r, "", detail);
  die_with_parent (); /* a change of credentials has ended both */
  enter_cwd (init, step);
  umask (process->umask >= 0 ? (mode_t)process->umask : 022);
  quilt_signals_reset ();
  if (close_range (3 + init->setup->n_preserved, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
    quilt_init_fail (init, QUILT_STAGE_CLOSE, errno, "", "");
  set_limits (init);
  if (step == 0)
    send_report (init, QUILT_REPORT_EXEC);
  if (init->setup->outlives)
    prctl (PR_SET_PDEATHSIG, 0, 0, 0, 0);
  quilt_report_init (&report, QUILT_REPORT_COMMAND_BAD);
  report.step = step;
  if (process->no_new_privileges)
    filter_calls (init);
  quilt_command_exec (argv, env, init->channel, &report);
  quilt_report_send (init->channel, &report);
  _exit (255);
}

static void
open_terminal (const QuiltInit *init)
{
  gboolean builds = init->spec->namespaces & QUILT_NS_MOUNT;
  const char *object;
  char quoted[64];
  int r;

  if (!init->spec->process.terminal)
    return;
  r = quilt_terminal_open (&init->spec->process, init->setup->console, init->identity->uid, builds,
                           &object);
  if (r == 0)
    return;
  g_snprintf (quoted, sizeof quoted, "'%s'", object);
  quilt_init_fail (init, QUILT_STAGE_TERMINAL, -r, quoted, "");
}

/* What an engine wants to know from `create`, though it is `start` that executes it. */
static void
check_command (const QuiltInit *init)
{
  QuiltReport report;

  quilt_report_init (&report, QUILT_REPORT_COMMAND_BAD);
  if (quilt_command_check (init->spec->process.args, init->env, &report))
    return;
  quilt_report_send (init->channel, &report);
  _exit (255);
}

/* As those who run containers by hand and by engine are used to. */
static void
make_cwd (const QuiltInit *init)
{
  const char *path = init->spec->process.cwd;
  g_autofd int root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

  /* If it can't be made it can't be entered either, and that is said then. */
  if (init->setup->makes_cwd && path && root_fd >= 0)
    quilt_mounts_make_directory (root_fd, path);
}

/* Created, and on its own: whoever started us has written that down, and may end. */
static void
wait_at_gate (QuiltInit *init)
{
  int fd;

  if (init->setup->gate < 0)
    return;
  check_command (init);
  send_report (init, QUILT_REPORT_CREATED);
  quilt_init_wait (init);
  if (init->setup->outlives)
    prctl (PR_SET_PDEATHSIG, 0, 0, 0, 0);
  quilt_fd_clear (&init->channel);
  do
    fd = accept4 (init->setup->gate, NULL, NULL, SOCK_CLOEXEC);
  while (fd < 0 && errno == EINTR);
  if (fd < 0)
    _exit (255);
  close (init->setup->gate);
  init->channel = fd;
}

static void
prepare_command (const QuiltInit *init)
{
  if (init->setup->created_state < 0)
    quilt_steps_run (init);
  else
    run_hooks (init, init->spec->start_container, init->setup->created_state,
               QUILT_STAGE_START_CONTAINER);
}

static void
build (const QuiltInit *init)
{
  int root_fd;

  if (!(init->spec->namespaces & QUILT_NS_MOUNT)) {
    enter_container (init);
    return;
  }
  root_fd = build_root (init);
  run_hooks_before_pivot (init);
  enter_root (init, root_fd);
  quilt_fd_clear (&root_fd);
}

void
quilt_init_run (const QuiltInit *parents)
{
  QuiltInit copy = *parents;
  const QuiltInit *init = &copy;
  QuiltIdentity identity;

  quilt_identity_init (init->spec, &identity);
  copy.identity = &identity;
  die_with_parent ();
  take_descriptors (init);
  set_oom_score (init);
  confine (init);
  bring_loopback_up (init);
  set_hostname (init);
  build (init);
  send_report (init, QUILT_REPORT_READY);
  quilt_init_wait (init);
  if (init->spec->namespaces & QUILT_NS_MOUNT)
    finish_root (init);
  make_cwd (init);
  open_terminal (init);
  wait_at_gate (&copy);
  prepare_command (init);
  look_user_up (&copy, &identity);
  if (quilt_spec_has_init (init->spec))
    quilt_reaper_run (init);
  quilt_init_become (init, init->spec->process.args, init->env, 0);
}
