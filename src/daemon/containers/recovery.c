/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Recovery after a restart of quiltd: from the disk, from /run and from systemd. */
#include "daemon/containers/recovery.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus/event.h"
#include "daemon/bus/work.h"
#include "daemon/containers/lifecycle.h"
#include "daemon/containers/outcome.h"
#include "daemon/containers/records.h"
#include "daemon/containers/run-dir.h"
#include "daemon/containers/run.h"
#include "daemon/images/recovery.h"
#include "daemon/images/collect.h"
#include "systemd/cgroup.h"

#include <string.h>

/* Time limit for supervisors that do not answer, so that they don't keep the other containers from
 * being managed. */
#define PATIENCE_MS 2000

typedef struct {
  QuiltHub *hub;
  void (*callback) (gpointer data); /* NULL: it was called */
  gpointer data;
  guint timer;
} Wait;

typedef struct {
  QuiltContainers *containers;
  const QuiltContainersParts *parts; /* of containers */
  gboolean keep_layers;              /* unknown images may use layers, so don't remove any */
  gboolean is_blind;                 /* scopes may be incomplete: nothing may be removed */
  GHashTable *scopes;                /* IDs of containers that have running processes */
  GHashTable *broken; /* containers with an unreadable record: their processes are left alone */
} Recovery;

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error))
    g_warning ("%s", error->message);
}

/* Whether a power cut has damaged the record, which is not synced. The container does not run if it
 * has neither a directory in /run nor a scope. A record that is unreadable for another reason may
 * be intact. */
static gboolean
was_cut_short (const Recovery *recovery, const char *id, const GError *why)
{
  return !recovery->is_blind && quilt_container_is_volatile (recovery->parts->store, id) &&
         !quilt_run_dir_exists (recovery->parts->run_dirs, id) &&
         !g_hash_table_contains (recovery->scopes, id) &&
         g_error_matches (why, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT);
}

/* Keep its ids claimed: it may run, and its files exist. */
static void
on_broken_container (const char *id, const GError *why, gpointer data)
{
  Recovery *recovery = data;
  g_autoptr (GArray) uid_map = NULL;
  g_autoptr (GArray) gid_map = NULL;

  if (was_cut_short (recovery, id, why)) {
    quilt_records_remove (recovery->parts->store, id, FALSE, on_removed, NULL);
    return;
  }
  g_hash_table_add (recovery->broken, g_strdup (id));
  quilt_event_log_broken (id, why);
  quilt_container_salvage_ids (recovery->parts->store, id, &uid_map, &gid_map);
  quilt_id_ranges_claim (recovery->parts->id_ranges, id, uid_map, gid_map);
}

/* A commit pauses a container for a short time. It thaws it even if quiltd is killed. But if all of
 * its processes are killed at once, the container is still paused. */
static void
end_pause (const Recovery *recovery, const char *id)
{
  g_autofree char *place = quilt_run_dir_get_place (recovery->parts->run_dirs, id);
  g_autofd int scope_fd = place ? quilt_scope_open (place, id) : -1;

  if (scope_fd >= 0)
    quilt_scope_end_pause (scope_fd);
}

static gboolean
load_containers (Recovery *recovery, GError **error)
{
  QuiltContainers *containers = recovery->containers;
  g_autoptr (GPtrArray) all =
      quilt_containers_load (recovery->parts->store, on_broken_container, recovery, error);

  for (guint i = 0; all && i < all->len; i++) {
    QuiltStoredContainer *stored = all->pdata[i];
    const char *digest =
        stored->record->setup_image ? stored->record->setup_image : stored->record->image_digest;
    QuiltImage *image = quilt_images_get (recovery->parts->images, digest);
    g_autoptr (QuiltContainer) container =
        quilt_container_new (containers, g_steal_pointer (&stored->record), image);
    const char *id = quilt_container_get_record (container)->id;

    if (!image)
      recovery->keep_layers = TRUE; /* they may be mounted */
    quilt_container_take_result (container, &stored->result);
    quilt_container_publish (container);
    end_pause (recovery, id);
    /* If an administrator has moved /run away, the files of a container may be in use. */
    quilt_container_recover (container,
                             !recovery->is_blind && !g_hash_table_contains (recovery->scopes, id));
  }
  return all != NULL;
}

static void
on_stray (QuiltRunEvent event, const QuiltMessage *message, const GError *error, gpointer data)
{
  QuiltRun **stray = data;

  switch (event) {
  case QUILT_RUN_RUNNING:
    g_warning ("The scope %s runs a container that is not in the store; quiltd leaves it alone, "
               "and 'systemctl stop %s' ends it",
               quilt_run_get_scope (*stray), quilt_run_get_scope (*stray));
    break;
  case QUILT_RUN_ENDED:
    quilt_run_release (*stray, TRUE);
    break;
  case QUILT_RUN_SETTLED:
    quilt_run_free (*stray);
    g_free (stray);
    break;
  default:
    break;
  }
}

/* If the container is not in the store, quiltd was interrupted during a removal, or the store is
 * incomplete. Removes the rest of a run that has ended. */
static void
on_run_dir (const char *id, gpointer data)
{
  Recovery *recovery = data;
  QuiltRun **stray;

  if (quilt_containers_get (recovery->containers, id) ||
      g_hash_table_contains (recovery->broken, id))
    return;
  stray = g_new0 (QuiltRun *, 1);
  *stray = quilt_run_adopt (recovery->containers, id, on_stray, stray);
  if (!*stray)
    g_free (stray);
}

/* Do not kill a running container because it is unknown: an administrator may have moved /run or
 * the store. */
static void
on_scope (const char *scope, const char *id, gpointer data)
{
  Recovery *recovery = data;

  g_hash_table_add (recovery->scopes, g_strdup (id));
  if (!quilt_run_dir_exists (recovery->parts->run_dirs, id))
    g_warning ("The scope %s runs container %s, whose directory in /run is missing; quiltd leaves "
               "it alone, and 'systemctl stop %s' ends it",
               scope, id, scope);
}

static void
on_empty_scope (const char *place, gpointer data)
{
  quilt_systemd_collect_scope (data, place);
}

/* If quiltd and the supervisor end while systemd makes the scope, systemd may put a process into it
 * that is exiting. The scope then stays without a process, and systemd does not notice. */
static void
collect_scopes (Recovery *recovery)
{
  quilt_scopes_foreach_empty (on_empty_scope, recovery->parts->systemd);
}

static void
find_scopes (Recovery *recovery)
{
  g_autoptr (GError) error = NULL;

  recovery->is_blind = !quilt_scopes_foreach (on_scope, recovery, &error);
  if (recovery->is_blind)
    g_warning ("%s; quiltd keeps containers that are to be removed until it is restarted",
               error->message);
}

static gboolean
load (Recovery *recovery, GError **error)
{
  find_scopes (recovery);
  collect_scopes (recovery);
  if (!quilt_images_recover (recovery->parts->images, &recovery->keep_layers, error) ||
      !load_containers (recovery, error))
    return FALSE;
  if (!recovery->keep_layers) {
    quilt_image_sweep_layers (recovery->parts->images);
    if (g_hash_table_size (recovery->broken) == 0) { /* these may use any image */
      quilt_images_allow_collection (recovery->parts->images);
      quilt_image_collect_setups (recovery->parts->images);
    }
  }
  quilt_id_ranges_prepare (recovery->parts->id_ranges);
  quilt_run_dirs_foreach (recovery->parts->run_dirs, on_run_dir, recovery);
  quilt_run_dir_sweep_limits (recovery->parts->run_dirs);
  return TRUE;
}

gboolean
quilt_recover (QuiltContainers *containers, GError **error)
{
  g_autoptr (GHashTable) scopes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) broken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Recovery recovery = {.containers = containers,
                       .parts = quilt_containers_parts (containers),
                       .scopes = scopes,
                       .broken = broken};

  return load (&recovery, error);
}

static void
end_wait (Wait *wait)
{
  void (*callback) (gpointer data) = g_steal_pointer (&wait->callback);

  g_clear_handle_id (&wait->timer, g_source_remove);
  if (callback)
    callback (wait->data);
}

static void
on_all_known (gpointer data)
{
  Wait *wait = data;

  quilt_hub_when_idle (wait->hub, NULL, NULL);
  end_wait (wait);
  g_free (wait);
}

static gboolean
on_out_of_patience (gpointer data)
{
  Wait *wait = data;

  g_warning ("Not all supervisors have answered; quiltd assumes that their containers run");
  wait->timer = 0;
  end_wait (wait);
  return G_SOURCE_REMOVE;
}

void
quilt_recovery_await (QuiltContainers *containers, void (*callback) (gpointer data), gpointer data)
{
  Wait *wait = g_new (Wait, 1);

  *wait = (Wait){.hub = quilt_containers_parts (containers)->hub,
                 .callback = callback,
                 .data = data,
                 .timer = g_timeout_add (PATIENCE_MS, on_out_of_patience, wait)};
  quilt_hub_when_idle (wait->hub, on_all_known, wait);
}
