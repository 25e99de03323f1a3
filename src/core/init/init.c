/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's init, from the clone to the execution of the command. */
#include "core/init/init.h"

#include "base/beneath.h"
#include "base/fd.h"
#include "core/identity/credentials.h"
#include "core/identity/limits.h"
#include "core/identity/lsm.h"
#include "core/identity/user-namespace.h"
#include "core/init/become.h"
#include "core/init/reaper.h"
#include "core/init/root.h"
#include "core/init/steps.h"
#include "core/init/terminal.h"
#include "core/mounts/apply.h"
#include "core/mounts/trees.h"
#include "core/namespaces/sysctl.h"
#include "core/program/command.h"
#include "core/program/descriptors.h"
#include "core/program/hook.h"
#include "core/program/seccomp.h"
#include "core/program/signals.h"
#include "spec/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <net/if.h>
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

/* Time limit for a silent connection to the gate. */
#define GATE_TIMEOUT_SECONDS 2

/* In a container of quilt-oci, these programs are hooks and run as the command's user. */
static gboolean
has_steps (const QuiltInit *init)
{
  return !init->setup->has_hooks && init->spec->start_container->len > 0;
}

/* The clone has copied the caller's descriptors; keep only those that the init needs. Setup steps
 * read /dev/null: the input is the command's. */
static void
take_descriptors (const QuiltInit *init)
{
  const QuiltPayloadSetup *setup = init->setup;
  const int stdio[] = {has_steps (init) ? -1 : setup->stdio[0], setup->stdio[1], setup->stdio[2]};
  int keep[9 + QUILT_JOINS_MAX] = {init->channel,           setup->gate,
                                   setup->console,          setup->root,
                                   setup->creating_state,   setup->created_state,
                                   setup->provided.busybox, setup->provided.certificates};
  guint n = 8;
  int r;

  if (has_steps (init))
    keep[n++] = setup->stdio[0];

  for (guint i = 0; i < init->joins->n; i++)
    keep[n++] = init->joins->fds[i];
  r = quilt_descriptors_set_stdio (stdio);
  if (r == 0)
    r = quilt_descriptors_close (setup->n_preserved, keep, n);
  if (r < 0 || setsid () < 0)
    quilt_init_fail (init, QUILT_STAGE_PREPARE, r < 0 ? -r : errno, "", "");
  umask (0);
}

/* Do this while the host's /proc is mounted. With a user namespace, the supervisor does it: it may
 * also lower the value. */
static void
set_oom_score (const QuiltInit *init)
{
  g_autofd int fd = -1;
  char text[16];
  int n;

  if (!init->spec->process.has_oom_score_adj || quilt_spec_leaves_host (init->spec, QUILT_NS_USER))
    return;
  n = g_snprintf (text, sizeof text, "%d", (int)init->spec->process.oom_score_adj);
  fd = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || !quilt_fd_write_all (fd, text, (gsize)n))
    quilt_init_fail (init, QUILT_STAGE_OOM_SCORE, errno, text, "");
}

/* Do this early, since it needs the host's /proc. It takes effect at the next execve(), of a setup
 * step or of the command. */
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

static gboolean
is_named (const QuiltInit *init)
{
  return g_hash_table_lookup (init->spec->annotations, QUILT_ANNOTATION_USER) != NULL;
}

static void
set_user_env (const QuiltUserEnv *env, QuiltIdentity *identity)
{
  if (env->home)
    *env->home = identity->home;
  if (env->user)
    *env->user = identity->login.user;
  if (env->logname)
    *env->logname = identity->login.logname;
  if (env->shell)
    *env->shell = identity->login.shell;
}

/* Called after the setup steps, which may have created the user. The command's user can open
 * /dev/stdout by name only if it owns the output. A failure does no harm. */
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
  if ((init->user_env.home || init->spec->process.login) && !*identity->home)
    quilt_identity_find_home (identity);
  set_user_env (&init->user_env, identity);
  if (is_named (init) && identity->uid != 0 &&
      (fchown (1, identity->uid, identity->gid) < 0 ||
       fchown (2, identity->uid, identity->gid) < 0))
    errno = 0;
}

/* Makes the terminal the process's 0, 1 and 2. Setup steps read /dev/null, which is 0 until then.
 */
static void
open_terminal (const QuiltInit *init)
{
  gboolean builds = quilt_spec_builds_root (init->spec);
  g_autofd int null_fd = -1;
  const char *object;
  char quoted[64];
  int r;

  if (!init->spec->process.terminal)
    return;
  if (has_steps (init))
    null_fd = fcntl (STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  r = quilt_terminal_open (&init->spec->process, init->setup->console, init->setup->console_pair,
                           init->identity->uid, builds, &object);
  /* A child that is born later makes its own session. */
  if (r == 0 && !quilt_joins_await_birth (init->joins))
    r = quilt_terminal_control ();
  if (r == 0 && null_fd >= 0 && dup2 (null_fd, STDIN_FILENO) < 0)
    r = -errno;
  if (r == 0)
    return;
  g_snprintf (quoted, sizeof quoted, "'%s'", object);
  quilt_init_fail (init, QUILT_STAGE_TERMINAL, -r, quoted, "");
}

/* Must come first, while the init has the power to join namespaces: see core/namespaces/join.h. */
static void
enter_namespaces (const QuiltInit *init)
{
  int r;

  if (!quilt_joins_come_first (init->joins))
    return;
  r = quilt_joins_enter (init->joins, quilt_joins_new_namespaces (init->spec));
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_JOIN, r == -ENOSPC ? 0 : -r, "",
                     r == -ENOSPC ? "the host allows no more; raise the sysctls "
                                    "user.max_*_namespaces"
                                  : "");
  quilt_init_die_with_parent (); /* the change of credentials has reset both settings */
  quilt_init_report (init, QUILT_REPORT_JOINED);
}

/* Must come before the gate: engines record the pid of the process that waits there, and other
 * processes can join the container meanwhile. */
static void
give_up_exposed_power (QuiltInit *init, QuiltIdentity *identity)
{
  if (!quilt_init_is_exposed (init))
    return;
  if (has_steps (init)) {
    /* The user may not exist before the steps, so it can't own the pipes yet; afterwards the init
     * may lack CAP_CHOWN. If this fails, the command can write to its output, but not open it by
     * its name in /dev. */
    if (fchmod (1, 0622) < 0 || fchmod (2, 0622) < 0)
      errno = 0;
    quilt_init_lower_power (init);
    return;
  }
  look_user_up (init, identity);
  quilt_init_give_up_power (init, 0);
  if (quilt_joins_await_birth (init->joins))
    quilt_init_be_born (init);
}

/* Engines expect this error from `create`, although `start` executes the command. */
static void
check_command (const QuiltInit *init)
{
  QuiltReport report;

  if (init->setup->gate < 0)
    return;
  quilt_report_init (&report, QUILT_REPORT_COMMAND_BAD);
  if (quilt_command_check (init->spec->process.args, init->env, &report))
    return;
  quilt_init_unmount_root (init);
  quilt_report_send (init->channel, &report);
  _exit (255);
}

/* Users of docker, podman and engines expect that a missing working directory is created. */
static void
make_cwd (const QuiltInit *init)
{
  const char *path = init->spec->process.cwd;
  g_autofd int root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

  /* Ignore a failure: entering the directory then fails too, and reports the error. */
  if (init->setup->makes_cwd && path && root_fd >= 0)
    quilt_mounts_make_directory (root_fd, path);
}

static ssize_t
receive_word (int fd)
{
  char word;
  ssize_t n;

  do
    n = recv (fd, &word, 1, 0);
  while (n < 0 && errno == EINTR);
  return n;
}

/* A connection that closes without a message comes from a program that checks whether the init
 * waits, or from a killed start. A silent connection is closed after a time limit, since others
 * wait behind it. A message may arrive just after the time limit, and its sender must learn that it
 * was not read: shutdown(2) makes later send(2) calls fail, and keeps an earlier message readable.
 * If a filter in force forbids setsockopt(2) or shutdown(2), there is no time limit. */
static gboolean
has_word (int fd)
{
  const struct timeval timeout = {GATE_TIMEOUT_SECONDS, 0}, none = {0, 0};
  ssize_t n;

  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  n = receive_word (fd);
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
  if (n < 0 && errno == EAGAIN) {
    shutdown (fd, SHUT_RD);
    n = receive_word (fd);
  }
  return n == 1;
}

/* Give the listener to its owner while the container is created, as other runtimes do. A filter has
 * only one listener, so the container's hooks inherit the filter from the init instead of loading
 * it again. An init that stays (--init) must load its filter last. */
static void
meet_listener (QuiltInit *init, QuiltIdentity *identity)
{
  if ((init->setup->gate < 0 && init->spec->start_container->len == 0) ||
      !quilt_seccomp_has_listener (init->spec) || quilt_spec_has_init (init->spec))
    return;
  if (!init->is_weak)
    look_user_up (init, identity);
  quilt_init_give_up_power (init, 0);
  quilt_init_filter_calls (init);
}

/* The container is created. The starter has recorded that, and may end now. */
static void
wait_at_gate (QuiltInit *init)
{
  int fd;

  if (init->setup->gate < 0)
    return;
  quilt_init_report (init, QUILT_REPORT_CREATED);
  quilt_init_wait (init);
  if (init->setup->outlives)
    prctl (PR_SET_PDEATHSIG, 0, 0, 0, 0);
  quilt_fd_clear (&init->channel);
  while ((fd = accept4 (init->setup->gate, NULL, NULL, SOCK_CLOEXEC)) < 0 || !has_word (fd)) {
    if (fd < 0 && errno != EINTR)
      _exit (255);
    quilt_fd_clear (&fd);
  }
  close (init->setup->gate);
  init->channel = fd;
}

static void
take_input (const QuiltInit *init)
{
  g_autofd int fd = init->setup->stdio[0];

  if (init->spec->process.terminal)
    fd = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (fd >= 0 && dup2 (fd, STDIN_FILENO) < 0)
    quilt_init_fail (init, QUILT_STAGE_PREPARE, errno, "", "");
}

/* A hook inside the container is the image's program, so it gets no more power than the command. */
static void
prepare_command (const QuiltInit *init)
{
  const QuiltHookChild child = {quilt_init_become_hook, init};

  if (has_steps (init)) {
    quilt_steps_run (init);
    take_input (init);
  } else
    quilt_init_run_hooks (init, init->spec->start_container, init->setup->created_state, &child,
                          QUILT_STAGE_START_CONTAINER);
}

void
quilt_init_run (const QuiltInit *parents)
{
  QuiltInit copy = *parents;
  const QuiltInit *init = &copy;
  QuiltIdentity identity;

  quilt_identity_init (init->spec, &identity);
  copy.identity = &identity;
  quilt_init_die_with_parent ();
  take_descriptors (init);
  enter_namespaces (init);
  if (init->spec->net_devices->len > 0)
    quilt_init_wait (init); /* until the supervisor has moved the network devices */
  set_oom_score (init);
  confine (init);
  bring_loopback_up (init);
  set_hostname (init);
  quilt_root_build (&copy);
  quilt_init_report (init, QUILT_REPORT_READY);
  quilt_init_wait (init);
  quilt_root_finish (init);
  make_cwd (init);
  open_terminal (init);
  quilt_root_seal (init);
  check_command (init);
  give_up_exposed_power (&copy, &identity);
  meet_listener (&copy, &identity);
  wait_at_gate (&copy);
  prepare_command (init);
  if (!init->is_weak)
    look_user_up (&copy, &identity);
  if (quilt_spec_has_init (init->spec))
    quilt_reaper_run (init);
  quilt_init_become (init, init->spec->process.args, init->env, 0);
}
