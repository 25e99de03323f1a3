/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last steps before the command: who it is, where it stands, what it may call. */
#include "core/init.h"

#include "base/beneath.h"
#include "base/fd.h"
#include "core/command.h"
#include "core/credentials.h"
#include "core/limits.h"
#include "core/reaper.h"
#include "core/seccomp.h"
#include "core/signals.h"
#include "core/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static void
set_limits (const QuiltInit *init)
{
  const QuiltRlimit *failed;
  int r = quilt_limits_apply (init->spec, &failed);

  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_RLIMIT, -r, quilt_rlimit_to_name (failed->resource), "");
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
  int r = quilt_seccomp_apply (init->spec, init->channel);

  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_SECCOMP, -r, "", "");
}

void
quilt_init_give_up_power (QuiltInit *init, guint step)
{
  const QuiltProcess *process = &init->spec->process;
  const char *missing;
  char detail[96] = "";
  guint64 keep = 0;
  int r;

  if (init->is_weak)
    return;
  init->is_weak = TRUE;
  join_keyring (init);
  if (init->spec->personality >= 0 && personality ((unsigned long)init->spec->personality) < 0)
    quilt_init_fail (init, QUILT_STAGE_PERSONALITY, errno, "", "");
  /* To load it takes no_new_privs or a capability that we are about to lose; then it has to allow
   * what follows here. */
  if (!process->no_new_privileges)
    filter_calls (init);
  if (quilt_joins_await_birth (init->joins) && quilt_spec_has_init (init->spec))
    keep = QUILT_REAPER_CAPABILITIES;
  r = quilt_credentials_apply (init->spec, init->identity, keep, &missing);
  if (r < 0 && *missing)
    g_snprintf (detail, sizeof detail, "the runtime has no %s that it could give", missing);
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_CREDENTIALS, -r, "", detail);
  quilt_init_die_with_parent (); /* a change of credentials has ended both */
  enter_cwd (init, step);
  umask (process->umask >= 0 ? (mode_t)process->umask : 022);
  if (close_range (3 + init->setup->n_preserved, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
    quilt_init_fail (init, QUILT_STAGE_CLOSE, errno, "", "");
}

/* Here we are the command but for its filter under no_new_privs: in the container's root, with its
 * credentials. Its caller is told the number first, and makes it the one that is known. */
void
quilt_init_be_born (const QuiltInit *init)
{
  int pid_fd, r = 0;
  pid_t pid = quilt_joins_bear (&pid_fd);

  if (pid < 0)
    quilt_init_fail (init, QUILT_STAGE_FORK, errno, "", "");
  if (pid > 0)
    _exit (quilt_report_send_born (init->channel, pid, pid_fd) ? 0 : 255);
  quilt_init_die_with_parent ();
  quilt_init_wait (init);
  if (setsid () < 0)
    r = -errno;
  if (r == 0 && init->spec->process.terminal)
    r = quilt_terminal_control ();
  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_TERMINAL, -r, "", "");
}

void
quilt_init_become (const QuiltInit *init, char *const *argv, char *const *env, guint step)
{
  QuiltInit copy = *init;
  QuiltReport report;

  quilt_init_give_up_power (&copy, step);
  quilt_signals_reset ();
  set_limits (init);
  if (step == 0)
    quilt_init_report (init, QUILT_REPORT_EXEC);
  if (init->setup->outlives)
    prctl (PR_SET_PDEATHSIG, 0, 0, 0, 0);
  if (init->listen_pid)
    g_snprintf (init->listen_pid, sizeof "LISTEN_PID=2147483647", "LISTEN_PID=%d", (int)getpid ());
  quilt_report_init (&report, QUILT_REPORT_COMMAND_BAD);
  report.step = step;
  if (init->spec->process.no_new_privileges)
    filter_calls (init);
  quilt_command_exec (argv, env, init->channel, &report);
  quilt_report_send (init->channel, &report);
  _exit (255);
}

void
quilt_init_become_hook (gconstpointer data)
{
  const QuiltInit *init = data;
  QuiltInit copy = *init;

  quilt_init_give_up_power (&copy, 1);
  set_limits (init);
  if (init->spec->process.no_new_privileges)
    filter_calls (init);
}
