/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starting another process in a running container (exec). */
#include "runtime/guest.h"

#include "base/error.h"
#include "base/fd.h"
#include "cgroup/tree.h"
#include "core/identity/learn-ids.h"
#include "spec/options/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/pidfd.h>

/* The file names are those of /proc/PID/ns. */
static const struct {
  QuiltNamespaces type;
  const char *file;
} namespaces[] = {
    {QUILT_NS_PID, "pid"},   {QUILT_NS_NETWORK, "net"},   {QUILT_NS_IPC, "ipc"},
    {QUILT_NS_UTS, "uts"},   {QUILT_NS_CGROUP, "cgroup"}, {QUILT_NS_TIME, "time"},
    {QUILT_NS_MOUNT, "mnt"}, {QUILT_NS_USER, "user"},
};

static void
join_all (QuiltSpec *spec, pid_t first)
{
  guint all = 0;

  for (guint i = 0; i < G_N_ELEMENTS (namespaces); i++)
    if (quilt_spec_leaves_host (spec, namespaces[i].type))
      all |= namespaces[i].type;
  spec->is_guest = TRUE;
  spec->namespaces = 0;
  g_ptr_array_set_size (spec->joins, 0);
  for (guint i = 0; i < G_N_ELEMENTS (namespaces); i++) {
    g_autofree char *path = g_strdup_printf ("/proc/%d/ns/%s", (int)first, namespaces[i].file);

    if (all & namespaces[i].type)
      quilt_spec_join (spec, namespaces[i].type, path);
  }
}

/* Removes the settings that apply to the container as a whole, not to each process. */
static void
leave_out (QuiltSpec *spec)
{
  GPtrArray *const hooks[] = {spec->prestart,        spec->create_runtime, spec->create_container,
                              spec->start_container, spec->poststart,      spec->poststop};

  for (guint i = 0; i < G_N_ELEMENTS (hooks); i++)
    g_ptr_array_set_size (hooks[i], 0);
  g_ptr_array_set_size (spec->mounts, 0);
  g_ptr_array_set_size (spec->net_devices, 0);
  g_hash_table_remove_all (spec->sysctls);
  g_clear_pointer (&spec->masked_paths, g_strfreev);
  g_clear_pointer (&spec->readonly_paths, g_strfreev);
  g_clear_pointer (&spec->hostname, g_free);
  g_clear_pointer (&spec->domainname, g_free);
  g_clear_pointer (&spec->rootfs_propagation, g_free);
  g_hash_table_remove (spec->annotations, QUILT_ANNOTATION_INIT);
}

/* If the container joined an existing mount namespace, its root differs from that namespace's
 * root. */
static gboolean
open_root (pid_t first, int *ret_root, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/root", (int)first);
  int fd = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to open the container's root '%s'", path);
  *ret_root = fd;
  return TRUE;
}

gboolean
quilt_guest_plan (QuiltSpec *spec, pid_t first, int *ret_root, GError **error)
{
  if (quilt_spec_joins (spec, QUILT_NS_MOUNT) && !open_root (first, ret_root, error))
    return FALSE;
  leave_out (spec);
  join_all (spec, first);
  return quilt_ids_learn (spec, error);
}

int
quilt_guest_open_cgroup (pid_t first, GError **error)
{
  int fd = quilt_cgroup_open_of (first);

  if (fd < 0)
    quilt_set_error_errno (error, errno, "Failed to open the container's cgroup");
  return fd;
}

/* We opened the namespaces by pid. If the first process is still alive, the pid was not reused, so
 * they are the container's. */
static gboolean
check_first (int first_fd, GError **error)
{
  if (pidfd_send_signal (first_fd, 0, NULL, 0) == 0)
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
                       "cannot exec in the container: it has just stopped");
  return FALSE;
}

/* execCPUAffinity: we set the initial processors on ourselves, and the new process inherits them
 * until it enters the cgroup. Then we set the final processors on the process itself. */
static gboolean
set_affinity (pid_t pid, const char *cpus, GError **error)
{
  g_autoptr (GByteArray) set = cpus ? quilt_cpu_list_parse (cpus, error) : NULL;

  /* The kernel wants a multiple of the size of a long. */
  while (set && set->len % sizeof (gulong) != 0)
    g_byte_array_append (set, (const guint8 *)"", 1);
  if (!cpus ||
      (set && sched_setaffinity (pid, set->len, (const cpu_set_t *)(void *)set->data) == 0))
    return TRUE;
  return set && quilt_set_error_errno (
                    error, errno, "Failed to use the processors '%s' of execCPUAffinity", cpus);
}

gboolean
quilt_guest_begin (QuiltGuest *guest,
                   const QuiltSpec *spec,
                   int first_fd,
                   const QuiltPayloadSetup *setup,
                   const QuiltListenerTaker *taker,
                   GError **error)
{
  *guest = (QuiltGuest){.spec = spec,
                        .first_fd = first_fd,
                        .taker = taker,
                        .payload = QUILT_PAYLOAD_NONE,
                        .wait = {.until = QUILT_REPORT_READY}};
  return set_affinity (0, spec->process.exec_cpus_initial, error) &&
         quilt_payload_start (spec, setup, &guest->payload, error);
}

struct pollfd
quilt_guest_poll (gconstpointer data)
{
  const QuiltGuest *guest = data;

  return (struct pollfd){guest->payload.channel, POLLIN, 0};
}

static gboolean
wait_next (QuiltGuest *guest, QuiltReportType until, GError **error)
{
  guest->wait = (QuiltReportsWait){.until = until, .taker = guest->taker};
  return quilt_reports_answer (&guest->payload, error);
}

/* Handles the awaited report. Returns as quilt_guest_advance(). */
static int
take_step (QuiltGuest *guest, const QuiltReport *report, GError **error)
{
  gboolean ok = FALSE;

  switch (guest->wait.until) {
  case QUILT_REPORT_READY:
    ok = check_first (guest->first_fd, error) &&
         set_affinity (guest->payload.pid, guest->spec->process.exec_cpus_final, error) &&
         wait_next (guest,
                    quilt_spec_joins (guest->spec, QUILT_NS_PID) ? QUILT_REPORT_BORN
                                                                 : QUILT_REPORT_EXEC,
                    error);
    break;
  case QUILT_REPORT_BORN:
    ok = quilt_payload_take_over (&guest->payload, guest->spec, report, error) &&
         wait_next (guest, QUILT_REPORT_EXEC, error);
    break;
  default:
    quilt_fd_clear (&guest->payload.channel);
    return 1;
  }
  return ok ? 0 : -1;
}

int
quilt_guest_advance (QuiltGuest *guest, GError **error)
{
  QuiltReport report;
  int r;

  if (guest->payload.channel < 0)
    return 1;
  do {
    r = quilt_reports_read (&guest->wait, &guest->payload, &report, error);
    if (r <= 0)
      return r;
    r = take_step (guest, &report, error);
  } while (r == 0);
  return r;
}

void
quilt_guest_clear (QuiltGuest *guest)
{
  quilt_payload_clear (&guest->payload);
}

gboolean
quilt_guest_start (const QuiltSpec *spec,
                   int first_fd,
                   const QuiltPayloadSetup *setup,
                   const QuiltListenerTaker *taker,
                   QuiltPayload *ret_payload,
                   GError **error)
{
  g_auto (QuiltGuest) guest = QUILT_GUEST_NONE;
  int r;

  if (!quilt_guest_begin (&guest, spec, first_fd, setup, taker, error))
    return FALSE;
  while ((r = quilt_guest_advance (&guest, error)) == 0) {
    struct pollfd more = quilt_guest_poll (&guest);

    poll (&more, 1, -1);
  }
  if (r < 0)
    return FALSE;
  *ret_payload = guest.payload;
  guest.payload = (QuiltPayload)QUILT_PAYLOAD_NONE;
  return TRUE;
}
