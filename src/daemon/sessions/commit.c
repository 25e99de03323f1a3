/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CommitContainer: makes an image of a container's image and what the container has changed. */
#include "daemon/sessions/commit.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/bus/event.h"
#include "daemon/bus/job.h"
#include "daemon/bus/work.h"
#include "daemon/containers/files-lock.h"
#include "daemon/containers/lifecycle.h"
#include "daemon/containers/plan.h"
#include "daemon/images/commit-record.h"
#include "daemon/images/import-config.h"
#include "daemon/images/make-layer.h"
#include "daemon/images/publish.h"
#include "daemon/sessions/check.h"
#include "spec/names.h"
#include "systemd/cgroup.h"
#include "systemd/freezer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#define PAUSE_USEC (60 * G_USEC_PER_SEC)

typedef struct {
  const QuiltContainersParts *parts;
  QuiltContainer *container;
  char *name;  /* of the container, for which the caller was checked */
  char *image; /* the name of the new image; NULL: none */
  gboolean pause;
  guint64 pause_usec; /* how long the container may be paused */
  char *author, *comment;
  QuiltImageConfig changes;

  QuiltImageUse *use; /* of the container's image */
  QuiltImage *base;   /* the same */
  int upper_fd;       /* locked: one commit of a container at a time */
  int lock_fd;        /* the lock of a container that does not run; -1: it runs */
  QuiltLayerMaking *making;
  gboolean watches;    /* the state of the container */
  gboolean is_stopped; /* the container, which ends the commit */
  QuiltJob *job;
  GError *error;
} Commit;

static void
commit_free (gpointer data)
{
  Commit *self = data;

  if (self->watches)
    quilt_container_watch_state (self->container, NULL, NULL);
  g_clear_pointer (&self->use, quilt_image_use_release);
  quilt_fd_clear (&self->upper_fd);
  quilt_fd_clear (&self->lock_fd);
  quilt_image_config_clear (&self->changes);
  g_clear_error (&self->error);
  g_clear_object (&self->container);
  g_free (self->name);
  g_free (self->image);
  g_free (self->author);
  g_free (self->comment);
  g_free (self);
}

static void
finish (Commit *self, GVariant *results, const GError *error)
{
  QuiltHub *hub = self->parts->hub;

  quilt_job_complete (self->job, results, error);
  commit_free (self);
  quilt_hub_release (hub);
}

/* Runs in a thread. */
static gboolean
discard (QuiltStore *store, gpointer data, GError **error)
{
  return quilt_layer_discard (store, data, error);
}

static void
on_discarded (GObject *source, GAsyncResult *result, gpointer data)
{
  Commit *self = data;
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error))
    g_warning ("%s", error->message);
  finish (self, NULL, self->error);
}

/* Removes the unfinished layer, if there is one, and ends with the error. */
static void
give_up (Commit *self, const char *temporary, const GError *error)
{
  self->error = g_error_copy (error);
  if (temporary)
    quilt_work_run (self->parts->store, discard, g_strdup (temporary), g_free, on_discarded, self);
  else
    finish (self, NULL, self->error);
}

static void
on_ended (QuiltPublication *publication, const QuiltImage *image, const GError *error)
{
  Commit *self = publication->data;
  GVariantDict results;

  if (error) {
    give_up (self, publication->temporary, error);
    return;
  }
  g_variant_dict_init (&results, NULL);
  g_variant_dict_insert (&results, "image", "o", quilt_image_get_path (image));
  g_variant_dict_insert (&results, "digest", "s", quilt_image_get_digest (image));
  g_variant_dict_insert_value (&results, "left-out", quilt_publication_left_out (publication));
  quilt_event_log (
      QUILT_EVENT_IMAGE_COMMITTED,
      &(QuiltEventFields){.image_name = self->image,
                          .image_digest = quilt_image_get_digest (image),
                          .container_id = quilt_container_get_record (self->container)->id,
                          .container_name = quilt_container_get_name (self->container)},
      "Image %s was made of container %s",
      self->image ? self->image : quilt_image_get_digest (image),
      quilt_container_get_name (self->container));
  finish (self, g_variant_dict_end (&results), NULL);
}

/* A removal deletes the files that were read. */
static gboolean
check_files (const QuiltContainer *container, GError **error)
{
  if (!quilt_container_is_gone (container) && !quilt_container_is_doomed (container))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "Container '%s' was removed while it was committed",
               quilt_container_get_name (container));
  return FALSE;
}

static gboolean
check_image (QuiltPublication *publication, const QuiltImage *image, GError **error)
{
  return check_files (((const Commit *)publication->data)->container, error);
}

static void
publish (Commit *self, QuiltMadeLayer *made)
{
  const QuiltCommitPlan plan = {
      .layer = made->digest,
      .size = made->size,
      .entries = made->entries,
      .changes = &self->changes,
      .author = self->author,
      .comment = self->comment,
      .created_usec = (guint64)g_get_real_time (),
  };
  g_autoptr (GError) error = NULL;
  QuiltImageRecord *record =
      quilt_commit_record_new (quilt_image_get_record (self->base), &plan, &error);
  QuiltPublication *publication;

  if (!record) {
    give_up (self, made->temporary, error);
    return;
  }
  publication = quilt_publication_new (self->parts->images);
  publication->name = g_strdup (self->image);
  publication->record = record;
  publication->layer = g_steal_pointer (&made->digest);
  publication->temporary = g_steal_pointer (&made->temporary);
  publication->check = check_image;
  publication->ended = on_ended;
  publication->data = self;
  quilt_publication_begin (publication);
}

static void
on_progress (guint64 bytes, gpointer data)
{
  quilt_job_progress (((Commit *)data)->job, bytes, 0);
}

/* The layer was not made. */
static void
fail (Commit *self, const GError *error)
{
  g_autoptr (GError) why = NULL;

  if (self->is_stopped && check_files (self->container, &why))
    g_set_error (&why, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
                 "Container '%s' was stopped before its files were copied: commit it again",
                 quilt_container_get_name (self->container));
  finish (self, NULL, why ? why : error);
}

static void
on_made (QuiltMadeLayer *made, const GError *error, gpointer data)
{
  Commit *self = data;

  self->making = NULL;
  if (error)
    fail (self, error);
  else
    publish (self, made);
}

static const QuiltLayerEvents layer_events = {on_progress, on_made};

static gboolean
cancel (gpointer data)
{
  Commit *self = data;

  return self->making && quilt_layer_making_cancel (self->making);
}

/* A stop does not wait for the commit: a process that is paused can't handle the stop signal, and
 * one that runs changes its files. The files of a container that has just ended stay as they are.
 */
static void
on_state (gpointer data)
{
  Commit *self = data;

  if (self->making && quilt_container_is_active (self->container) &&
      quilt_layer_making_cancel (self->making))
    self->is_stopped = TRUE;
}

static gboolean
lock_upper (Commit *self, GError **error)
{
  g_autofd int dir_fd = quilt_container_open (
      self->parts->store, quilt_container_get_record (self->container)->id, error);

  if (dir_fd < 0)
    return FALSE;
  self->upper_fd = openat (dir_fd, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (self->upper_fd >= 0 && flock (self->upper_fd, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  if (self->upper_fd < 0 || errno != EWOULDBLOCK)
    return quilt_set_error_errno (error, errno, "Failed to lock the files of container '%s'",
                                  self->name);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
               "Container '%s' is being committed: try again when that is done", self->name);
  return FALSE;
}

static const char *
get_name (gconstpointer user)
{
  return quilt_container_get_name (((const Commit *)user)->container);
}

/* The container's image must not be removed meanwhile. */
static gboolean
hold_image (Commit *self, GError **error)
{
  self->base = quilt_container_get_image (self->container);
  if (!self->base) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                 "The image of container '%s' is missing; import it again", self->name);
    return FALSE;
  }
  self->use = quilt_image_use_new (self->base, get_name, self);
  return TRUE;
}

/* Whether the user has frozen the scope or a slice above it. Then no process can be started in it,
 * and none is needed. */
static gboolean
is_frozen (const QuiltContainer *container)
{
  g_autofree char *scope = quilt_scope_path (quilt_container_get_place (container));

  return quilt_freezer_is_frozen (scope);
}

/* Opens the scope of a container that runs, if it is to be paused. The files of a container that
 * does not run are locked: nothing starts or removes it meanwhile. */
static gboolean
hold_container (Commit *self, int *ret_scope_fd, GError **error)
{
  QuiltContainer *container = self->container;
  const QuiltState state = quilt_container_get_state (container);

  if (state == QUILT_STATE_RUNNING) {
    const gboolean pause = self->pause && !is_frozen (container);

    if (pause)
      *ret_scope_fd = quilt_scope_open (quilt_container_get_place (container),
                                        quilt_container_get_record (container)->id);
    if (!pause || *ret_scope_fd >= 0)
      return TRUE;
  }
  if (quilt_container_is_active (container)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Container '%s' is %s: try again in a moment", self->name,
                 quilt_state_to_string (state));
    return FALSE;
  }
  self->lock_fd = quilt_container_lock_files (container, error);
  return self->lock_fd >= 0;
}

/* Much may have happened since the call was checked. */
static gboolean
begin (Commit *self, GError **error)
{
  g_auto (GStrv) places = NULL;
  g_autofd int scope_fd = -1;
  QuiltLayerSource source = {.has_ids =
                                 quilt_container_get_record (self->container)->uid_map != NULL};

  if (!quilt_container_check_editable (self->container, self->name, error) ||
      !check_files (self->container, error) || !hold_image (self, error) ||
      !hold_container (self, &scope_fd, error) || !lock_upper (self, error))
    return FALSE;
  places = quilt_container_plan_places (self->container, error);
  if (!places)
    return FALSE;
  source.upper_fd = self->upper_fd;
  source.lowers = quilt_image_get_layers (self->base);
  source.places = places;
  source.scope_fd = scope_fd;
  source.pause_usec = self->pause_usec;
  self->making = quilt_layer_make (self->parts->images, &source, &layer_events, self, error);
  self->watches = self->making && scope_fd >= 0;
  if (self->watches)
    quilt_container_watch_state (self->container, on_state, self);
  return self->making != NULL;
}

static void
image_authorized (QuiltCall *call, gpointer data)
{
  Commit *self = quilt_call_steal_attached (call, "quilt-commit");
  g_autoptr (GError) error = NULL;

  if (!begin (self, &error)) {
    quilt_bus_error_return (call, error);
    commit_free (self);
    return;
  }
  quilt_hub_hold (self->parts->hub);
  self->job = quilt_job_new (self->parts->hub, "commit", call, cancel, self);
  quilt_call_return (call, g_variant_new ("(o)", quilt_job_get_path (self->job)));
}

/* The image is made as by an import. */
static void
container_authorized (QuiltCall *call, gpointer data)
{
  Commit *self = data;
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  const QuiltContainerRecord *record = quilt_container_get_record (self->container);

  g_ptr_array_add (details,
                   quilt_authority_details_new ("commit", self->name, record->owner, self->image));
  quilt_authority_require (quilt_hub_get_authority (self->parts->hub), call,
                           QUILT_ACTION_MANAGE_IMAGES, details, image_authorized, self);
}

static GPtrArray *
new_details (const Commit *self)
{
  GPtrArray *details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  g_ptr_array_add (details, quilt_container_new_details (self->container, "commit"));
  return details;
}

/* The image makes all files of the container readable, as for its root. */
static void
reading_authorized (QuiltCall *call, gpointer data)
{
  Commit *self = data;
  g_autoptr (GPtrArray) details = NULL;

  if (quilt_session_is_of_root (self->container)) {
    container_authorized (call, self);
    return;
  }
  details = new_details (self);
  quilt_authority_require (quilt_hub_get_authority (self->parts->hub), call,
                           QUILT_ACTION_PRIVILEGED, details, container_authorized, self);
}

static gboolean
read_options (Commit *self, GVariant *options, GError **error)
{
  const char *author = NULL, *comment = NULL;
  const QuiltDictKey keys[] = {{"pause", 'b', &self->pause, NULL},
                               {"pause-timeout", 't', &self->pause_usec, NULL},
                               {"author", 's', &author, NULL},
                               {"comment", 's', &comment, NULL}};
  g_autoptr (GVariant) rest = quilt_dict_take (options, keys, G_N_ELEMENTS (keys), error);

  if (!rest)
    return FALSE;
  g_variant_ref_sink (rest);
  if ((author && strlen (author) > QUILT_COMMIT_TEXT_MAX) ||
      (comment && strlen (comment) > QUILT_COMMIT_TEXT_MAX)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "The author and the comment of an image may have %d bytes", QUILT_COMMIT_TEXT_MAX);
    return FALSE;
  }
  if (self->pause_usec == 0) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "The limit for the pause must be more than 0");
    return FALSE;
  }
  self->author = author && *author ? g_strdup (author) : NULL;
  self->comment = comment && *comment ? g_strdup (comment) : NULL;
  return quilt_import_config_read (rest, &self->changes, error);
}

void
quilt_commit_container (QuiltContainers *containers,
                        QuiltCall *call,
                        const char *name,
                        const char *image,
                        GVariant *options)
{
  QuiltContainer *container;
  Commit *self = g_new0 (Commit, 1);
  g_autoptr (GPtrArray) details = NULL;
  g_autoptr (GError) error = NULL;

  *self = (Commit){.parts = quilt_containers_parts (containers),
                   .pause = TRUE,
                   .pause_usec = PAUSE_USEC,
                   .image = *image ? g_strdup (image) : NULL,
                   .upper_fd = -1,
                   .lock_fd = -1};
  quilt_call_attach (call, "quilt-commit", self, commit_free);
  container = quilt_containers_find (containers, name, &error);
  if (!container || (*image && !quilt_image_name_check (image, &error)) ||
      !read_options (self, options, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  self->container = g_object_ref (container);
  self->name = g_strdup (quilt_container_get_name (container));
  details = new_details (self);
  quilt_authority_require (quilt_hub_get_authority (self->parts->hub), call, QUILT_ACTION_EXEC,
                           details, reading_authorized, self);
}
