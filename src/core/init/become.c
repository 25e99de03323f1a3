/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last steps before the command is executed: credentials, working directory, system call
 * filter. */
#include "core/init/become.h"

#include "base/beneath.h"
#include "base/fd.h"
#include "core/identity/credentials.h"
#include "core/identity/limits.h"
#include "core/init/reaper.h"
#include "core/init/terminal.h"
#include "core/program/command.h"
#include "core/program/seccomp.h"
#include "core/program/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CAPABILITY_TO_FILTER (G_GUINT64_CONSTANT (1) << CAP_SYS_ADMIN)
#define CAPABILITY_TO_TRACE (G_GUINT64_CONSTANT (1) << CAP_SYS_PTRACE)

/* CAP_KILL is needed to kill processes that a setup step left running as another user. */
#define CAPABILITIES_TO_BECOME_USER                                                                \
  (G_GUINT64_CONSTANT (1) << CAP_SETUID | G_GUINT64_CONSTANT (1) << CAP_SETGID |                   \
   G_GUINT64_CONSTANT (1) << CAP_KILL)

static void
set_limits (const QuiltInit *init)
{
  const QuiltRlimit *failed;
  int r = quilt_limits_apply (init->spec, &failed);

  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_RLIMIT, -r, quilt_rlimit_to_name (failed->resource), "");
}

/* The container must not get the keys of quiltd's caller. If a filter is in force, it may forbid
 * this call, and the init has joined a new keyring before loading it. */
static void
join_keyring (const QuiltInit *init)
{
  if (init->setup->keeps_keyring || init->is_filtered)
    return;
  if (syscall (SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
    quilt_init_fail (init, QUILT_STAGE_KEYRING, errno, "", "");
}

/* A working directory like /proc/self/fd/N, or behind such a link, could lead out of the container
 * (CVE-2024-21626). So follow no magic link, keep no other directory open, and require that the
 * kernel knows the directory's path. Returns 0 or -errno. */
static int
try_cwd (const char *path, guint step, const char **ret_why)
{
  g_autofd int root_fd = open ("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  g_autofd int fd = -1;
  char real[PATH_MAX];

  if (root_fd >= 0)
    fd = quilt_open_in_root (root_fd, path, O_PATH | O_DIRECTORY, 0);
  if (fd < 0 && errno == ENOENT && step > 0) /* a setup step may create the directory */
    fd = quilt_open_in_root (root_fd, "/", O_PATH | O_DIRECTORY, 0);
  if (fd < 0 || fchdir (fd) < 0)
    return -errno;
  if (syscall (SYS_getcwd, real, sizeof real) >= 0 && real[0] == '/')
    return 0;
  *ret_why = "it is not inside the container";
  return -ENOENT;
}

/* A login without a working directory of its own begins in the user's home. */
static const char *
get_cwd (const QuiltInit *init)
{
  const QuiltProcess *process = &init->spec->process;

  if (process->cwd)
    return process->cwd;
  return process->login && *init->identity->home ? init->identity->home + strlen ("HOME=") : "/";
}

static void
fail_cwd (const QuiltInit *init, const char *path, int error, const char *why)
{
  char quoted[512];

  g_snprintf (quoted, sizeof quoted, "'%s'", path);
  quilt_init_fail (init, QUILT_STAGE_CWD, error, quoted, why);
}

/* Loading a filter without no_new_privs needs CAP_SYS_ADMIN. */
static gboolean
loads_with_power (const QuiltInit *init)
{
  return init->spec->filter && !init->spec->process.no_new_privileges;
}

/* If processes of the container can trace an exposed init, the init must not have CAP_SYS_ADMIN
 * unless they have it too. So its filter is loaded before such processes exist. */
static gboolean
loads_early (const QuiltInit *init)
{
  const QuiltCapabilities *caps = &init->spec->process.capabilities;
  guint64 all = caps->bounding | caps->permitted;

  return loads_with_power (init) && quilt_init_is_exposed (init) && (all & CAPABILITY_TO_TRACE) &&
         !(all & CAPABILITY_TO_FILTER);
}

void
quilt_init_filter_calls (QuiltInit *init)
{
  int r = init->is_filtered ? 0 : quilt_seccomp_apply (init->spec, init->channel);

  if (r < 0)
    quilt_init_fail (init, QUILT_STAGE_SECCOMP, -r, "", "");
  init->is_filtered = TRUE;
}

static void
fail_credentials (const QuiltInit *init, int error, const char *missing)
{
  char detail[96] = "";

  if (*missing)
    g_snprintf (detail, sizeof detail, "the runtime itself lacks %s", missing);
  quilt_init_fail (init, QUILT_STAGE_CREDENTIALS, error, "", detail);
}

/* The capabilities that must stay permitted until execve(2). */
static guint64
capabilities_to_keep (const QuiltInit *init)
{
  guint64 keep = 0;

  if (loads_with_power (init))
    keep |= CAPABILITY_TO_FILTER;
  if (quilt_init_is_exposed (init) && quilt_spec_has_init (init->spec))
    keep |= QUILT_REAPER_CAPABILITIES;
  return keep;
}

void
quilt_init_give_up_power (QuiltInit *init, guint step)
{
  const QuiltProcess *process = &init->spec->process;
  const char *path = get_cwd (init), *missing = "", *why = "";
  int cwd, r;

  if (init->is_weak)
    return;
  init->is_weak = TRUE;
  join_keyring (init);
  if (init->spec->personality >= 0 && personality ((unsigned long)init->spec->personality) < 0)
    quilt_init_fail (init, QUILT_STAGE_PERSONALITY, errno, "", "");
  /* Try as root, then as the user: only one of them may be able to enter the directory. */
  cwd = try_cwd (path, step, &why);
  r = quilt_credentials_apply (init->spec, init->identity, capabilities_to_keep (init), &missing);
  if (r < 0)
    fail_credentials (init, -r, missing);
  quilt_init_die_with_parent (); /* the change of credentials has reset both settings */
  if (cwd < 0 && *why == '\0')
    cwd = try_cwd (path, step, &why);
  if (cwd < 0 && process->login && !process->cwd) /* the user may have no home, or a hostile one */
    cwd = try_cwd ("/", step, &why);
  if (cwd < 0)
    fail_cwd (init, path, -cwd, why);
  umask (process->umask >= 0 ? (mode_t)process->umask : 022);
  if (close_range (3 + init->setup->n_preserved, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
    quilt_init_fail (init, QUILT_STAGE_CLOSE, errno, "", "");
  if (init->is_filtered || !loads_early (init))
    return;
  quilt_init_filter_calls (init);
  r = quilt_credentials_drop (CAPABILITY_TO_FILTER);
  if (r < 0)
    fail_credentials (init, -r, "");
}

void
quilt_init_lower_power (QuiltInit *init)
{
  int r;

  if (loads_early (init)) {
    join_keyring (init);
    quilt_init_filter_calls (init);
  }
  r = quilt_credentials_lower (&init->spec->process.capabilities, CAPABILITIES_TO_BECOME_USER);
  if (r < 0)
    fail_credentials (init, -r, "");
}

/* At this point the process differs from the command only in its filter under no_new_privs: it has
 * the container's root and credentials. Report the pid first, so that the caller can record it. */
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

/* Our last system call before execve(): the filter may forbid the calls that we make. execve(2)
 * also clears a kept CAP_SYS_ADMIN, since it computes the permitted set from the other sets. */
static void
be_ready (gpointer data)
{
  quilt_init_filter_calls (data);
}

/* Executes the command. Returns only on failure. */
static void
execute (QuiltInit *init, char *const *argv, char *const *env, QuiltReport *report)
{
  const char *shell = init->identity->login.shell + strlen ("SHELL=");
  char name[PATH_MAX + 1];
  char *const login[] = {name, NULL};

  if (*argv) {
    quilt_command_exec (*argv, argv, env, init->channel, be_ready, init, report);
    return;
  }
  /* By the '-', a shell knows that it is a login shell. */
  g_snprintf (name, sizeof name, "-%s", strrchr (shell, '/') + 1);
  quilt_command_exec (shell, login, env, init->channel, be_ready, init, report);
  if (report->problem == QUILT_COMMAND_NOT_FOUND)
    report->problem = QUILT_COMMAND_NO_SHELL;
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
  execute (&copy, argv, env, &report);
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
  be_ready (&copy);
}
