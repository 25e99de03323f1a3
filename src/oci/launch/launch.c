/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds a container from a bundle, up to the point where its init waits. */
#include "oci/launch/launch.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "core/identity/credentials.h"
#include "core/identity/learn-ids.h"
#include "core/identity/user-namespace.h"
#include "oci/cgroup/cgroup.h"
#include "oci/cgroup/processes.h"
#include "oci/launch/activation.h"
#include "oci/launch/caller.h"
#include "oci/launch/filter.h"
#include "oci/launch/hooks.h"
#include "oci/launch/listener.h"
#include "oci/launch/notify.h"
#include "oci/launch/rights.h"
#include "oci/state/own-users.h"
#include "oci/state/root.h"
#include "runtime/reports.h"
#include "spec/oci/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
quilt_oci_block_signals (void)
{
  sigset_t all;

  sigfillset (&all);
  sigprocmask (SIG_SETMASK, &all, NULL);
}

static char *
now (void)
{
  g_autoptr (GDateTime) time = g_date_time_new_now_utc ();
  g_autofree char *seconds = g_date_time_format (time, "%Y-%m-%dT%H:%M:%S");

  return g_strdup_printf ("%s.%06dZ", seconds, g_date_time_get_microsecond (time));
}

static char *
owner (void)
{
  guint32 uid = getuid (), gid;

  quilt_oci_own_users_get (&uid, &gid);
  if (uid == 0)
    return g_strdup ("root");
  return g_strdup_printf ("%u", (unsigned)uid);
}

/* A container without its own cgroup (path NULL) can't have limits. */
static gboolean
plan_cgroup (
    const QuiltOci *oci, const QuiltSpec *spec, const char *id, QuiltOciCgroup *ret, GError **error)
{
  g_autoptr (GPtrArray) writes = NULL;

  if (!oci->no_cgroup)
    return quilt_oci_cgroup_plan (spec->cgroups_path, id, oci->systemd_cgroup, oci->rootless, ret,
                                  error);
  if (!spec->resources)
    return TRUE;
  writes = quilt_cgroup_plan_writes (spec->resources, error);
  if (writes && writes->len > 0)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                 "Failed to limit '%s': --cgroup-manager=disabled does not allow limits",
                 ((const QuiltCgroupWrite *)writes->pdata[0])->file);
  return writes && writes->len == 0;
}

/* Makes the container's record before the cgroup and the init, so that a deletion finds them. */
static gboolean
make_container (QuiltOciLaunch *launch, const char *id, GError **error)
{
  QuiltOci *oci = launch->oci;
  const QuiltSpec *spec = launch->bundle.spec;
  g_auto (QuiltOciCgroup) cgroup = QUILT_OCI_CGROUP_INIT;
  QuiltOciContainer *container;
  gconstpointer data;
  gsize size;

  if (!quilt_oci_check_id (id, error) || !plan_cgroup (oci, spec, id, &cgroup, error))
    return FALSE;
  container = launch->container = quilt_oci_container_new (oci, id, error);
  if (!container)
    return FALSE;
  /* From here on the cgroup is recorded as the container's, so that it is killed with it. */
  if (!cgroup.systemd && !quilt_oci_cgroup_check_empty (&cgroup, error))
    return FALSE;
  container->cgroup = cgroup;
  cgroup = (QuiltOciCgroup)QUILT_OCI_CGROUP_INIT;
  container->bundle = g_strdup (launch->bundle.path);
  container->rootfs = g_strdup (spec->root_path);
  container->owner = owner ();
  container->systemd_cgroup = oci->systemd_cgroup;
  data = g_bytes_get_data (launch->bundle.config, &size);
  return quilt_oci_container_save_config (container, data, size, error) &&
         quilt_oci_container_save (container, error);
}

static gboolean
has_hooks_before_pivot (const QuiltSpec *spec)
{
  return spec->prestart->len + spec->create_runtime->len + spec->create_container->len > 0;
}

/* Hooks may take long. */
static gboolean
has_hooks (const QuiltSpec *spec)
{
  return has_hooks_before_pivot (spec) || spec->start_container->len + spec->poststart->len > 0;
}

/* Runs in the child that becomes a createContainer hook. Enters all namespaces of the container's
 * init except the pid namespace, where other processes could use the hook's descriptors and
 * privileges. */
static void
enter_container (gconstpointer data)
{
  const QuiltOciLaunch *launch = data;
  const QuiltSpec *spec = launch->bundle.spec;
  gboolean mapped = quilt_spec_leaves_host (spec, QUILT_NS_USER);
  const int types = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;

  if (setns (launch->payload.pid_fd, types | (mapped ? CLONE_NEWUSER : 0)) == 0 &&
      (!mapped || quilt_user_namespace_become_root (quilt_credentials_keep_groups (spec)) == 0))
    return;
  dprintf (STDERR_FILENO, "Failed to enter the container's namespaces: %s", g_strerror (errno));
  _exit (127);
}

/* The init runs these hooks itself, unless it joins a pid namespace, where other processes could
 * control them. */
static gboolean
run_create_container (const QuiltOciLaunch *launch, GError **error)
{
  const QuiltSpec *spec = launch->bundle.spec;
  const QuiltHookChild child = {enter_container, launch};

  return !quilt_spec_joins (spec, QUILT_NS_PID) ||
         quilt_oci_hooks_run (spec->create_container, "createContainer",
                              launch->setup.creating_state, &child, error);
}

static gboolean
run_hooks (QuiltOciLaunch *launch, GError **error)
{
  const QuiltSpec *spec = launch->bundle.spec;
  int state_fd = launch->setup.creating_state;

  if (!has_hooks_before_pivot (spec))
    return TRUE;
  return quilt_reports_await (launch->payload.channel, QUILT_REPORT_MOUNTED, error) &&
         quilt_oci_hooks_fill_state (state_fd, launch->container, spec, QUILT_OCI_CREATING,
                                     error) &&
         quilt_oci_hooks_run (spec->prestart, "prestart", state_fd, NULL, error) &&
         quilt_oci_hooks_run (spec->create_runtime, "createRuntime", state_fd, NULL, error) &&
         run_create_container (launch, error) && quilt_reports_answer (&launch->payload, error) &&
         quilt_oci_hooks_await (launch->payload.channel, error);
}

static gboolean
make_states (QuiltOciLaunch *launch, GError **error)
{
  const QuiltSpec *spec = launch->bundle.spec;

  if (has_hooks_before_pivot (spec) &&
      (launch->setup.creating_state = quilt_oci_hooks_new_state (error)) < 0)
    return FALSE;
  if (spec->start_container->len > 0 &&
      (launch->setup.created_state = quilt_oci_hooks_new_state (error)) < 0)
    return FALSE;
  return TRUE;
}

static gboolean
note_pid (QuiltOciLaunch *launch, GError **error)
{
  QuiltOciContainer *container = launch->container;
  char state;

  container->pid = launch->payload.pid;
  return quilt_oci_read_start_time (container->pid, &container->start_time, &state) ||
         quilt_set_error_errno (error, errno, "Failed to look at the container's init");
}

static gboolean
start_init (QuiltOciLaunch *launch, GError **error)
{
  QuiltPayloadSetup *setup = &launch->setup;
  const QuiltOciContainer *container = launch->container;

  for (int i = 0; i < 3; i++)
    setup->stdio[i] = i;
  setup->cgroup = container->cgroup.dir_fd;
  setup->n_preserved = (guint)(launch->n_listen + launch->options.preserve_fds);
  setup->listens = launch->n_listen > 0;
  setup->outlives = TRUE;
  setup->keeps_keyring = launch->options.no_new_keyring;
  setup->no_pivot = launch->options.no_pivot;
  setup->makes_cwd = TRUE;
  setup->has_hooks = TRUE;
  setup->hook_env = environ;
  launch->bundle.spec->process.keeps_groups =
      launch->bundle.spec->process.additional_gids->len == 0 &&
      quilt_oci_keeps_groups (launch->oci);
  quilt_oci_block_signals ();
  return quilt_payload_start (launch->bundle.spec, setup, &launch->payload, error) &&
         note_pid (launch, error);
}

/* Wait for the process that will become the command: its pid is published. */
static gboolean
await_birth (QuiltOciLaunch *launch, GError **error)
{
  const QuiltSpec *spec = launch->bundle.spec;

  return !quilt_spec_joins (spec, QUILT_NS_PID) ||
         (quilt_reports_answer (&launch->payload, error) &&
          quilt_reports_await_birth (&launch->payload, spec,
                                     QUILT_OCI_LISTENER_TAKER (launch->container, spec), error) &&
          note_pid (launch, error));
}

gboolean
quilt_oci_launch_begin (QuiltOciLaunch *launch, const char *id, GError **error)
{
  const QuiltOciLaunchOptions *options = &launch->options;
  QuiltSpec *spec;

  launch->n_listen = quilt_oci_activation_count (launch->oci);
  /* Check it alone first: a negative number must not reduce the count of LISTEN_FDS. */
  if (!quilt_oci_check_preserved (options->preserve_fds, error) ||
      !quilt_oci_check_preserved (launch->n_listen + options->preserve_fds, error) ||
      !quilt_oci_bundle_load (launch->oci, options->bundle, options->config, &launch->bundle,
                              error))
    return FALSE;
  spec = launch->bundle.spec;
  if (!quilt_oci_own_users_translate (spec, error) || !quilt_ids_learn (spec, error))
    return FALSE;
  quilt_oci_leave_out_capabilities (launch->oci, spec);
  if (launch->n_listen > 0)
    quilt_oci_activation_set_env (&spec->process, launch->n_listen);
  if (!make_container (launch, id, error) ||
      !quilt_oci_notify_prepare (launch->oci, launch->container, spec, error) ||
      !quilt_oci_filter_get (launch->oci, spec, error) || !make_states (launch, error))
    return FALSE;
  if (launch->prepare && !launch->prepare (launch, error))
    return FALSE;
  if (!launch->oci->no_cgroup && !launch->container->cgroup.systemd &&
      !quilt_oci_cgroup_create (&launch->container->cgroup, spec, error))
    return FALSE;
  if (!quilt_oci_cgroup_announce (&launch->container->cgroup, error) ||
      !start_init (launch, error) || !quilt_oci_container_save (launch->container, error))
    return FALSE;
  /* The init builds its root meanwhile. */
  if (launch->container->cgroup.systemd &&
      !quilt_oci_cgroup_adopt (&launch->container->cgroup, id, launch->payload.pid, spec, error)) {
    quilt_report_prefer (launch->payload.channel, error);
    return FALSE;
  }
  if (has_hooks (spec))
    quilt_oci_cgroup_rest (&launch->container->cgroup);
  return run_hooks (launch, error) &&
         quilt_reports_await (launch->payload.channel, QUILT_REPORT_READY, error) &&
         await_birth (launch, error);
}

gboolean
quilt_oci_launch_continue (QuiltOciLaunch *launch, GError **error)
{
  const char *pid_file = launch->options.pid_file;
  QuiltOciContainer *container = launch->container;

  container->created = now ();
  if (!quilt_oci_container_save (container, error))
    return FALSE;
  if (launch->bundle.spec->start_container->len > 0 &&
      !quilt_oci_hooks_fill_state (launch->setup.created_state, container, launch->bundle.spec,
                                   QUILT_OCI_CREATED, error))
    return FALSE;
  return (!pid_file || quilt_oci_write_pid_file (pid_file, container->pid, error)) &&
         quilt_reports_answer (&launch->payload, error);
}

void
quilt_oci_launch_release (QuiltOciLaunch *launch)
{
  quilt_fd_clear (
      &launch->payload.pid_fd); /* without its pidfd, the process can't be killed any more */
  g_clear_pointer (&launch->container, quilt_oci_container_free);
}

/* Reports failures to undo only as warnings: there is an error already, which may be their
 * cause. */
static void
undo (QuiltOciLaunch *launch)
{
  g_autoptr (GError) error = NULL;

  if (!quilt_oci_cgroup_kill_all (&launch->container->cgroup, SIGKILL, &error) ||
      !quilt_oci_cgroup_remove (&launch->container->cgroup, &error) ||
      !quilt_oci_container_remove (launch->oci, launch->container, &error))
    g_printerr ("%s\n", error->message);
  g_clear_error (&error);
  if (launch->payload.pid > 0 &&
      !quilt_oci_hooks_run_all (launch->bundle.spec->poststop, "poststop", launch->container,
                                launch->bundle.spec, QUILT_OCI_STOPPED, &error))
    g_printerr ("%s\n", error->message);
}

void
quilt_oci_launch_clear (QuiltOciLaunch *launch)
{
  pid_t pid = launch->payload.pid;

  quilt_payload_clear (&launch->payload);
  launch->payload.pid = pid;
  if (launch->container)
    undo (launch);
  launch->payload.pid = 0;
  g_clear_pointer (&launch->container, quilt_oci_container_free);
  quilt_oci_bundle_clear (&launch->bundle);
  quilt_fd_clear (&launch->setup.creating_state);
  quilt_fd_clear (&launch->setup.created_state);
  quilt_fd_clear (&launch->setup.gate);
  quilt_fd_clear (&launch->setup.console);
  g_free (launch->options.bundle);
  g_free (launch->options.config);
  g_free (launch->options.pid_file);
  g_free (launch->options.console_socket);
}
