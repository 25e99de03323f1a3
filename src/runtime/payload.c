/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting a container: cloning its init, and what the parent keeps of it. */
#include "runtime/payload.h"

#include "base/error.h"
#include "base/fd.h"
#include "core/identity/credentials.h"
#include "core/identity/limits.h"
#include "core/identity/scheduling.h"
#include "core/identity/user-namespace.h"
#include "core/init/init.h"
#include "core/mounts/mounts.h"
#include "core/namespaces/join.h"
#include "core/namespaces/net-devices.h"
#include "core/namespaces/time.h"
#include "core/program/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static gboolean
check_hooks (const QuiltSpec *spec, const QuiltPayloadSetup *setup, GError **error)
{
  const struct {
    const char *name;
    const GPtrArray *hooks;
  } kinds[] = {
      {"prestart", spec->prestart},
      {"createRuntime", spec->create_runtime},
      {"createContainer", spec->create_container},
      {"poststart", spec->poststart},
      {"poststop", spec->poststop},
  };

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (kinds[i].hooks->len > 0 && !setup->has_hooks) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                   "Failed to use hooks.%s: Quilt does not run hooks of this kind here",
                   kinds[i].name);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_spec (const QuiltSpec *spec, const QuiltPayloadSetup *setup, GError **error)
{
  if (spec->process.terminal && setup->console < 0) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to use process.terminal: Quilt gives no terminal here");
    return FALSE;
  }
  if (!quilt_spec_leaves_host (spec, QUILT_NS_MOUNT)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to use linux.namespaces: one of type 'mount' is needed");
    return FALSE;
  }
  if (spec->start_container->len > 0 && !setup->has_hooks && !(spec->namespaces & QUILT_NS_PID)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to use hooks.startContainer: Quilt can end the processes that they leave "
                 "running only in a new 'pid' namespace");
    return FALSE;
  }
  if ((spec->hostname || spec->domainname) && !quilt_spec_leaves_host (spec, QUILT_NS_UTS)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use %s: it needs a 'uts' namespace",
                 spec->hostname ? "hostname" : "domainname");
    return FALSE;
  }
  if (!spec->process.args || (!spec->process.args[0] && !spec->process.login) || !spec->root_path) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use the configuration: it has no process.args or root.path");
    return FALSE;
  }
  return check_hooks (spec, setup, error) && quilt_credentials_check (spec, error) &&
         quilt_seccomp_check (spec, error);
}

/* The command's user can open /dev/stdout by name only if it owns the pipe. A failure does no
 * harm. */
static void
give_pipes (const QuiltSpec *spec, const QuiltPayloadSetup *setup)
{
  const int *fds = setup->stdio;
  guint32 uid = (guint32)spec->process.uid, gid = (guint32)spec->process.gid;
  struct stat st;

  if (quilt_spec_leaves_host (spec, QUILT_NS_USER)) {
    quilt_id_map_find (spec->uid_map, uid, &uid);
    quilt_id_map_find (spec->gid_map, gid, &gid);
  }
  for (guint i = setup->shares_stdin ? 1 : 0; i < 3; i++)
    if (fds[i] >= 0 && fstat (fds[i], &st) == 0 && S_ISFIFO (st.st_mode) && st.st_uid != uid &&
        fchown (fds[i], uid, gid) < 0)
      errno = 0;
}

static pid_t
clone_init (const QuiltSpec *spec, const QuiltJoins *joins, int cgroup, int *ret_pid_fd)
{
  struct clone_args args = {
      .flags = CLONE_PIDFD,
      .pidfd = (guint64)(gsize)ret_pid_fd,
      .exit_signal = SIGCHLD,
  };

  /* If namespaces have to be joined first, the init makes the new ones itself. */
  if (!quilt_joins_come_first (joins))
    args.flags |= (guint64)quilt_joins_new_namespaces (spec);
  if (cgroup >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = (guint64)cgroup;
  }
  /* If the container shares the host's pid namespace, its processes see the init from the start.
   * They must not be able to trace it. */
  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
  return quilt_joins_clone (joins, &args);
}

static gboolean
refuse_clone (const QuiltSpec *spec, int errsv, GError **error)
{
  /* clone(2) fails with ENOSPC if the limit in /proc/sys/user/max_user_namespaces is reached or
   * 0. */
  if (errsv != ENOSPC || !(spec->namespaces & QUILT_NS_USER))
    return quilt_set_error_errno (error, errsv, "Failed to clone the container's init");
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
               "Failed to make a namespace for the container: the host allows no more; raise the "
               "sysctls user.max_*_namespaces, or create the container with --userns=host");
  return FALSE;
}

static gboolean
await_joined (const QuiltJoins *joins, int channel, GError **error)
{
  QuiltReport report;
  int r;

  if (!quilt_joins_come_first (joins))
    return TRUE;
  r = quilt_report_await (channel, &report);
  if (r > 0 && report.type == QUILT_REPORT_JOINED)
    return TRUE;
  if (r > 0)
    quilt_report_to_error (&report, error);
  else
    quilt_set_error_errno (error, r < 0 ? errno : ECHILD,
                           "Failed to start the container's init in the namespaces that it joins");
  return FALSE;
}

/* Adds the entry to env, unless it has that variable. Returns the place, or NULL. */
static char **
add_entry (char **env, gsize *n, const char *entry)
{
  gsize name = strcspn (entry, "=") + 1;

  for (gsize i = 0; i < *n; i++)
    if (strncmp (env[i], entry, name) == 0)
      return NULL;
  env[*n] = (char *)entry;
  return &env[(*n)++];
}

/* Copies the environment and adds room for the user's variables and for LISTEN_PID (if listen_pid
 * is not NULL). Only the init can look up the user, and only the process that executes the command
 * knows its pid. Until then HOME is root's. The other strings stay owned by spec. */
static char **
make_env (const QuiltSpec *spec, char *listen_pid, QuiltUserEnv *ret_user)
{
  char **env = spec->process.env;
  char **copy = g_new0 (char *, (env ? g_strv_length (env) : 0) + 6);
  gsize n = 0;

  for (; env && *env; env++)
    if (!listen_pid || !g_str_has_prefix (*env, "LISTEN_PID="))
      copy[n++] = *env;
  if (listen_pid)
    copy[n++] = listen_pid;
  *ret_user = (QuiltUserEnv){.home = add_entry (copy, &n, "HOME=/root")};
  if (!spec->process.login)
    return copy;
  ret_user->user = add_entry (copy, &n, "USER=root");
  ret_user->logname = add_entry (copy, &n, "LOGNAME=root");
  ret_user->shell = add_entry (copy, &n, "SHELL=/bin/sh");
  return copy;
}

/* Called while the init waits, so that the init finds the devices in its namespace from then on. */
static gboolean
give_net_devices (const QuiltSpec *spec, const QuiltPayload *payload, GError **error)
{
  return spec->net_devices->len == 0 ||
         (quilt_net_devices_move (spec, payload->pid, error) &&
          (quilt_payload_continue (payload) ||
           quilt_set_error_errno (error, errno, "Failed to tell the container's init to go on")));
}

gboolean
quilt_payload_start (const QuiltSpec *spec,
                     const QuiltPayloadSetup *setup,
                     QuiltPayload *ret_payload,
                     GError **error)
{
  g_auto (QuiltPayload) payload = QUILT_PAYLOAD_NONE;
  g_autoptr (QuiltMountPlan) mounts = NULL;
  g_auto (QuiltJoins) joins = QUILT_JOINS_NONE;
  g_autofd int channel_fd = -1;
  g_autofree char **env = NULL;
  char listen_pid[32] = "LISTEN_PID=1"; /* a placeholder until the init knows the pid */
  QuiltUserEnv user_env;
  int channel[2];
  int time_fd;

  mounts = check_spec (spec, setup, error) ? quilt_mounts_plan (spec, error) : NULL;
  if (!mounts || !quilt_joins_open (spec, &joins, error))
    return FALSE;
  if (!quilt_limits_prepare (spec, error))
    return FALSE;
  env = make_env (spec, setup->listens ? listen_pid : NULL, &user_env);
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel) < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a socket pair");
  payload.channel = channel[0];
  channel_fd = channel[1];
  give_pipes (spec, setup);
  if (!quilt_time_namespace_prepare (spec, &time_fd, error))
    return FALSE;
  payload.pid = clone_init (spec, &joins, setup->cgroup, &payload.pid_fd);
  if (payload.pid < 0) {
    refuse_clone (spec, errno, error);
    quilt_time_namespace_restore (time_fd, NULL);
    return FALSE;
  }
  if (payload.pid == 0) {
    const QuiltInit init = {.spec = spec,
                            .mounts = mounts,
                            .joins = &joins,
                            .setup = setup,
                            .channel = channel_fd,
                            .env = env,
                            .user_env = user_env,
                            .joined_root = -1,
                            .listen_pid = setup->listens ? listen_pid : NULL};

    /* Close the supervisor's end: while it is open here, the init does not notice the supervisor's
     * death. */
    quilt_fd_clear (&payload.channel);
    quilt_init_run (&init);
  }
  quilt_fd_clear (&channel_fd); /* so that we notice the init's death */
  if (!quilt_time_namespace_restore (time_fd, error) ||
      !await_joined (&joins, payload.channel, error) ||
      (!quilt_joins_await_birth (&joins) &&
       !quilt_scheduling_apply (&spec->process, payload.pid, error)) ||
      !give_net_devices (spec, &payload, error) ||
      !quilt_user_namespace_set_up (spec, mounts, &joins, payload.pid, payload.channel, error)) {
    quilt_report_prefer (payload.channel, error);
    return FALSE;
  }
  *ret_payload = payload;
  payload = (QuiltPayload)QUILT_PAYLOAD_NONE;
  return TRUE;
}

/* Waits for the end of the process and reaps it. If the process is traced, reaping could block
 * until its tracer lets go, so leave it to the process that adopts it. */
static void
await_end (const QuiltPayload *payload)
{
  struct pollfd ended = {payload->pid_fd, POLLIN, 0};

  while (poll (&ended, 1, -1) < 0 && errno == EINTR)
    ;
  waitid (P_PIDFD, (id_t)payload->pid_fd, NULL, WEXITED | WNOHANG);
}

/* Processes in the joined pid namespace may have access to the new process's channel. So don't
 * trust a pid in a message, since we send signals to it: take the pid from the pidfd. */
gboolean
quilt_payload_take_over (QuiltPayload *payload,
                         const QuiltSpec *spec,
                         const QuiltReport *report,
                         GError **error)
{
  g_autofd int pid_fd = report->error;
  pid_t pid = quilt_pid_fd_get_pid (pid_fd);
  siginfo_t info;

  if (waitid (P_PIDFD, (id_t)pid_fd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
    return quilt_set_error_errno (error, errno, "Failed to look at the container's process");
  if (pid <= 0 || pid == payload->pid) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                         "The container's process ended, or its birth was reported twice");
    return FALSE;
  }
  await_end (payload);
  quilt_fd_clear (&payload->pid_fd);
  payload->pid = pid;
  payload->pid_fd = g_steal_fd (&pid_fd);
  return quilt_scheduling_apply (&spec->process, payload->pid, error);
}

static gboolean
has_volume (const QuiltSpec *spec)
{
  for (guint i = 0; i < spec->mounts->len; i++) {
    const QuiltMount *mount = spec->mounts->pdata[i];
    gboolean recursive;

    if (quilt_mount_is_bind (mount, &recursive) &&
        !(mount->options &&
          g_strv_contains ((const char *const *)mount->options, QUILT_MOUNT_COPY)))
      return TRUE;
  }
  return FALSE;
}

int
quilt_payload_hold_mounts (const QuiltPayload *payload, const QuiltSpec *spec)
{
  char path[32];

  if (has_volume (spec)) {
    g_snprintf (path, sizeof path, "/proc/%d/root", (int)payload->pid);
    return open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
  g_snprintf (path, sizeof path, "/proc/%d/ns/mnt", (int)payload->pid);
  return open (path, O_RDONLY | O_CLOEXEC);
}

gboolean
quilt_payload_continue (const QuiltPayload *payload)
{
  return send (payload->channel, "", 1, MSG_NOSIGNAL) == 1;
}

void
quilt_payload_clear (QuiltPayload *payload)
{
  if (payload->pid > 0 && payload->pid_fd >= 0) {
    pidfd_send_signal (payload->pid_fd, SIGKILL, NULL, 0);
    await_end (payload);
  }
  quilt_fd_clear (&payload->pid_fd);
  quilt_fd_clear (&payload->channel);
  payload->pid = 0;
}
