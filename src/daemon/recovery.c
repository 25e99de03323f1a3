/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a restarted quiltd finds: on the disk, in /run, and at systemd. */
#include "daemon/recovery.h"

#include "base/fd.h"
#include "daemon/container-life.h"
#include "daemon/event.h"
#include "daemon/image-remove.h"
#include "daemon/outcome.h"
#include "daemon/run-dir.h"
#include "spec/words.h"
#include "store/digest.h"
#include "store/images.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

/* A supervisor that says nothing for so long must not keep the others from being managed. */
#define PATIENCE_MS 2000

typedef struct {
  QuiltDaemon *daemon;
  void (*callback) (gpointer data);
  gpointer data;
  guint timer;
  gboolean keep_layers; /* of images that are not known */
  GHashTable *broken;   /* containers whose record can't be read: what they run is left alone */
  GHashTable *scopes;   /* of the runs that were found */
} Recovery;

static void
recovery_free (Recovery *recovery)
{
  g_hash_table_unref (recovery->broken);
  g_hash_table_unref (recovery->scopes);
  g_free (recovery);
}

static void
on_broken (const char *object, const GError *why, gpointer data)
{
  GHashTable *broken = data;

  if (broken)
    g_hash_table_add (broken, g_strdup (object));
  quilt_event_log (QUILT_EVENT_OBJECT_BROKEN, &(QuiltEventFields){.object = object},
                   "'%s' in the store can't be used and is left alone: %s", object, why->message);
}

/* Its ids stay its own: it may run, and its files are there. */
static void
on_broken_container (const char *id, const GError *why, gpointer data)
{
  Recovery *recovery = data;
  g_autoptr (GArray) uid_map = NULL;
  g_autoptr (GArray) gid_map = NULL;

  on_broken (id, why, recovery->broken);
  quilt_container_salvage_ids (recovery->daemon->store, id, &uid_map, &gid_map);
  quilt_id_ranges_claim (recovery->daemon->id_ranges, id, uid_map, gid_map);
}

/* Its layers are not known, but they are there. */
static void
on_broken_image (const char *file, const GError *why, gpointer data)
{
  Recovery *recovery = data;

  on_broken (file, why, NULL);
  recovery->keep_layers = TRUE;
}

static gboolean
load_images (Recovery *recovery, GError **error)
{
  QuiltDaemon *daemon = recovery->daemon;
  g_autoptr (GPtrArray) records =
      quilt_images_load (daemon->store, on_broken_image, recovery, error);

  if (!records)
    return FALSE;
  g_ptr_array_set_free_func (records, NULL);
  for (guint i = 0; i < records->len; i++) {
    g_autoptr (QuiltImage) image = quilt_image_new (daemon, records->pdata[i]);

    quilt_image_publish (image);
  }
  return TRUE;
}

static QuiltState
state_on_record (const QuiltResult *result)
{
  if (quilt_outcome_is_open (result))
    return QUILT_STATE_RUNNING;
  if (quilt_outcome_is_failure (result))
    return QUILT_STATE_FAILED;
  return result->finished_usec ? QUILT_STATE_EXITED : QUILT_STATE_PENDING;
}

static void
report_lost (QuiltContainer *self)
{
  g_autoptr (GError) error = NULL;

  quilt_outcome_lost (&self->result, (guint64)g_get_real_time ());
  if (!quilt_container_save_result (self->daemon->store, self->record->id, &self->result, TRUE,
                                    &error))
    g_warning ("Failed to record that container %s was lost: %s", self->record->options->name,
               error->message);
  quilt_container_enter (self, QUILT_STATE_FAILED);
}

static void
claim (Recovery *recovery, const QuiltRun *run)
{
  g_hash_table_add (recovery->scopes, g_strdup (quilt_run_get_scope (run)));
}

/* Where a run is open on record, its supervisor, or what that left, tells the rest. Where it is
 * not, quiltd went before a start got as far as GO, or after an end was on record: what is left in
 * /run serves nobody. */
static void
resume (Recovery *recovery, QuiltContainer *self)
{
  gboolean open = quilt_outcome_is_open (&self->result);

  self->state = state_on_record (&self->result);
  self->run = quilt_run_adopt (self->daemon, self->record->id, quilt_container_on_run, self);
  if (self->run)
    claim (recovery, self->run);
  quilt_container_refresh (self);
  if (open && self->run) {
    self->recovering = TRUE;
    quilt_daemon_hold (self->daemon);
    return;
  }
  if (open)
    report_lost (self);
  if (self->record->options->auto_remove && (self->run || self->result.finished_usec))
    quilt_container_remove_leftover (self);
  if (self->run)
    quilt_run_discard (self->run);
}

static gboolean
load_containers (Recovery *recovery, GError **error)
{
  QuiltDaemon *daemon = recovery->daemon;
  g_autoptr (GPtrArray) all =
      quilt_containers_load (daemon->store, on_broken_container, recovery, error);

  for (guint i = 0; all && i < all->len; i++) {
    QuiltStoredContainer *stored = all->pdata[i];
    const char *hex = quilt_digest_hex (stored->record->image_digest);
    QuiltImage *image = hex ? quilt_index_get (daemon->images, hex) : NULL;
    g_autoptr (QuiltContainer) container =
        quilt_container_new (daemon, g_steal_pointer (&stored->record), image);

    if (!image)
      recovery->keep_layers = TRUE; /* they may be mounted */
    quilt_result_clear (&container->result);
    container->result = stored->result;
    memset (&stored->result, 0, sizeof stored->result);
    quilt_container_publish (container);
    resume (recovery, container);
  }
  return all != NULL;
}

static void
on_stray (QuiltRunEvent event, const QuiltMessage *message, const GError *error, gpointer data)
{
  QuiltRun **stray = data;

  if (event != QUILT_RUN_SETTLED)
    return;
  quilt_run_free (*stray);
  g_free (stray);
}

/* Runs of containers that are no more: quiltd went in the middle of a removal. */
static void
drop_strays (Recovery *recovery)
{
  QuiltDaemon *daemon = recovery->daemon;
  int fd = openat (daemon->runs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  while (dir && (entry = readdir (dir))) {
    QuiltRun **stray;

    if (!quilt_id_check (entry->d_name) || quilt_index_get (daemon->containers, entry->d_name) ||
        g_hash_table_contains (recovery->broken, entry->d_name))
      continue;
    stray = g_new0 (QuiltRun *, 1);
    *stray = quilt_run_adopt (daemon, entry->d_name, on_stray, stray);
    if (!*stray) {
      g_free (stray);
      continue;
    }
    claim (recovery, *stray);
    quilt_run_discard (*stray);
  }
  if (dir)
    closedir (dir);
  else
    quilt_fd_clear (&fd);
}

static gboolean
is_claimed (const char *scope, gpointer data)
{
  const Recovery *recovery = data;

  return g_hash_table_contains (recovery->scopes, scope);
}

static void
on_stray_killed (GObject *source, GAsyncResult *result, gpointer data)
{
  QuiltDaemon *daemon = data;
  g_autoptr (GError) error = NULL;

  if (!quilt_systemd_kill_scope_finish (daemon->systemd, result, &error))
    g_warning ("%s", error->message);
}

/* A scope of nobody's has lost its supervisor and its run directory. */
static void
on_scopes_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  Recovery *recovery = data;
  QuiltDaemon *daemon = recovery->daemon;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) scopes = quilt_systemd_list_scopes_finish (daemon->systemd, result, &error);

  if (!scopes)
    g_warning ("Failed to compare the containers with systemd's scopes: %s", error->message);
  for (char **scope = scopes; scope && *scope; scope++) {
    if (is_claimed (*scope, recovery) || g_hash_table_size (recovery->broken) > 0)
      continue;
    g_warning ("The scope %s belongs to no container, its processes are killed", *scope);
    quilt_systemd_kill_scope_async (daemon->systemd, *scope, NULL, on_stray_killed, daemon);
  }
  if (scopes && g_hash_table_size (recovery->broken) == 0)
    quilt_run_dir_sweep_limits (daemon, is_claimed, recovery);
  quilt_daemon_release (daemon);
}

static void
end_recovery (Recovery *recovery)
{
  void (*callback) (gpointer data) = recovery->callback;
  gpointer data = recovery->data;

  if (recovery->timer)
    g_source_remove (recovery->timer);
  recovery->timer = 0;
  recovery->callback = NULL;
  if (callback)
    callback (data);
}

static void
on_all_known (gpointer data)
{
  Recovery *recovery = data;

  quilt_daemon_when_idle (recovery->daemon, NULL, NULL);
  end_recovery (recovery);
  recovery_free (recovery);
}

static gboolean
on_out_of_patience (gpointer data)
{
  Recovery *recovery = data;

  g_warning ("Not all supervisors have answered: their containers are taken for running");
  recovery->timer = 0;
  end_recovery (recovery);
  return G_SOURCE_REMOVE;
}

gboolean
quilt_recover (QuiltDaemon *daemon, void (*callback) (gpointer data), gpointer data, GError **error)
{
  Recovery *recovery = g_new0 (Recovery, 1);

  recovery->daemon = daemon;
  recovery->callback = callback;
  recovery->data = data;
  recovery->broken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  recovery->scopes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (!load_images (recovery, error) || !load_containers (recovery, error)) {
    recovery_free (recovery);
    return FALSE;
  }
  if (!recovery->keep_layers)
    quilt_image_sweep_layers (daemon);
  quilt_id_ranges_prepare (daemon->id_ranges);
  drop_strays (recovery);
  quilt_daemon_hold (daemon);
  quilt_systemd_list_scopes_async (daemon->systemd, NULL, on_scopes_listed, recovery);
  recovery->timer = g_timeout_add (PATIENCE_MS, on_out_of_patience, recovery);
  quilt_daemon_when_idle (daemon, on_all_known, recovery);
  return TRUE;
}
