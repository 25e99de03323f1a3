/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes an image of what a container's setup steps have left behind. */
#include "daemon/containers/setup-copy.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "daemon/containers/plan.h"
#include "daemon/images/collect.h"
#include "daemon/images/make-layer.h"
#include "daemon/images/publish.h"

#include <sys/random.h>

struct QuiltSetupCopy {
  QuiltImages *images;
  char *name;         /* of the container */
  QuiltImage *base;   /* which the steps ran on */
  QuiltImageUse *use; /* of base */
  char *key;
  guint32 owner;           /* uid of the container's owner */
  QuiltSetupCopyFunc func; /* NULL: cancelled */
  gpointer data;
  QuiltLayerMaking *making; /* NULL: the layer is made */
  QuiltSetupRoom *room;
  gboolean publishing; /* the image's record is being written */
  guint timer;
};

/* The container need not wait any longer. */
static void
report (QuiltSetupCopy *self, const GError *error)
{
  QuiltSetupCopyFunc func = self->func;

  self->func = NULL;
  if (func)
    func (error, self->data);
}

static void
finish (QuiltSetupCopy *self, const GError *error)
{
  report (self, error);
  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->room, quilt_setup_room_free);
  g_clear_pointer (&self->use, quilt_image_use_release);
  if (!error)
    quilt_image_collect_setups (self->images); /* an older result may have the key */
  g_object_unref (self->base);
  g_free (self->name);
  g_free (self->key);
  g_free (self);
}

/* Ends early: on_made() or check() follows. */
static void
stop (QuiltSetupCopy *self, const GError *error)
{
  report (self, error);
  if (self->making)
    quilt_layer_making_cancel (self->making);
}

/* Every user may see the digest. So it must not depend on secrets in the key. */
static char *
draw_digest (void)
{
  guint8 bytes[32];
  g_autofree char *hex = NULL;

  while (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    ;
  hex = g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, sizeof bytes);
  return g_strconcat ("sha256:", hex, NULL);
}

static QuiltImageRecord *
new_record (const QuiltSetupCopy *self, const QuiltMadeLayer *made)
{
  QuiltImageRecord *record = quilt_image_with_names (self->base, NULL, NULL);
  g_autoptr (GStrvBuilder) layers = g_strv_builder_new ();

  g_strv_builder_addv (layers, (const char **)record->layers);
  if (made->digest)
    g_strv_builder_add (layers, made->digest);
  g_strfreev (record->layers);
  record->layers = g_strv_builder_end (layers);
  g_free (record->base);
  record->base = g_steal_pointer (&record->digest);
  record->digest = draw_digest ();
  g_free (record->setup_key);
  record->setup_key = g_strdup (self->key);
  record->setup_bytes = made->stored;
  record->setup_owner = self->owner;
  record->size += made->digest ? made->size : 0;
  record->entries += made->digest ? made->entries : 0;
  record->created_usec = record->used_usec = (guint64)g_get_real_time ();
  quilt_left_out_clear (&record->left_out);
  g_clear_pointer (&record->more, g_free);
  return record;
}

static gboolean
check (QuiltPublication *publication, const QuiltImage *image, GError **error)
{
  QuiltSetupCopy *self = publication->data;

  if (!self->func) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_CANCELLED, "The container did not wait");
    return FALSE;
  }
  self->publishing = quilt_setup_room_take (self->room, error);
  return self->publishing;
}

static void
on_published (QuiltPublication *publication, const QuiltImage *image, const GError *error)
{
  QuiltSetupCopy *self = publication->data;

  if (error && publication->temporary)
    quilt_layer_drop (self->images, g_steal_pointer (&publication->temporary));
  finish (self, error);
}

static void
on_made (QuiltMadeLayer *made, const GError *error, gpointer data)
{
  QuiltSetupCopy *self = data;
  QuiltPublication *publication;

  self->making = NULL;
  if (error) {
    finish (self, error);
    return;
  }
  publication = quilt_publication_new (self->images);
  publication->record = new_record (self, made);
  publication->layer = g_steal_pointer (&made->digest);
  publication->temporary = g_steal_pointer (&made->temporary);
  publication->check = check;
  publication->ended = on_published;
  publication->data = self;
  quilt_publication_begin (publication);
}

/* Others may make results too. */
static void
on_progress (guint64 stored, gpointer data)
{
  QuiltSetupCopy *self = data;
  g_autoptr (GError) error = NULL;

  if (!quilt_setup_room_grow (self->room, stored, &error) && self->making)
    stop (self, error);
}

static const QuiltLayerEvents events = {on_progress, on_made};

static gboolean
on_timeout (gpointer data)
{
  QuiltSetupCopy *self = data;
  g_autoptr (GError) error = NULL;

  self->timer = 0;
  if (!self->publishing)
    error = g_error_new_literal (QUILT_ERROR, QUILT_ERROR_TIMED_OUT,
                                 "It took longer than SetupCacheTimeoutSec= in quiltd.conf allows");
  stop (self, error);
  return G_SOURCE_REMOVE;
}

static void
start_timer (QuiltSetupCopy *self)
{
  const guint64 ms = quilt_images_get_setup_limits (self->images)->timeout_usec / 1000;

  if (ms < G_MAXUINT) /* else it is infinity, or as good */
    self->timer = g_timeout_add ((guint)MAX (ms, 1), on_timeout, self);
}

static const char *
get_name (gconstpointer self)
{
  return ((const QuiltSetupCopy *)self)->name;
}

static QuiltLayerMaking *
make (QuiltSetupCopy *self, const QuiltContainer *container, guint64 max, GError **error)
{
  const QuiltContainersParts *parts =
      quilt_containers_parts (quilt_container_get_containers (container));
  const QuiltContainerRecord *record = quilt_container_get_record (container);
  g_auto (GStrv) places = quilt_container_plan_places (container, error);
  g_autofd int dir_fd = places ? quilt_container_open (parts->store, record->id, error) : -1;
  g_autofd int upper_fd = dir_fd >= 0 ? quilt_dir_open (dir_fd, "upper", error) : -1;
  const QuiltLayerSource source = {
      .upper_fd = upper_fd,
      .lowers = quilt_image_get_layers (self->base),
      .places = places,
      .has_ids = record->uid_map != NULL,
      .scope_fd = -1,
      .salted = TRUE, /* what the steps have left behind may be a secret */
      .max_stored = max,
  };

  return upper_fd >= 0 ? quilt_layer_make (self->images, &source, &events, self, error) : NULL;
}

QuiltSetupCopy *
quilt_setup_copy_new (const QuiltContainer *container,
                      const char *key,
                      QuiltSetupCopyFunc func,
                      gpointer data,
                      GError **error)
{
  QuiltSetupCopy *self = g_new0 (QuiltSetupCopy, 1);
  guint64 max;

  self->base = g_object_ref (quilt_container_get_image (container));
  self->images = quilt_image_get_images (self->base);
  self->name = g_strdup (quilt_container_get_name (container));
  self->use = quilt_image_use_new (self->base, get_name, self);
  self->key = g_strdup (key);
  self->owner = quilt_container_get_record (container)->owner;
  self->room = quilt_setup_room_new (self->images, self->owner, &max, error);
  if (self->room)
    self->making = make (self, container, max, error);
  if (self->making) {
    self->func = func;
    self->data = data;
    start_timer (self);
    return self;
  }
  finish (self, *error);
  return NULL;
}

void
quilt_setup_copy_cancel (QuiltSetupCopy *self)
{
  self->func = NULL;
  if (self->making)
    quilt_layer_making_cancel (self->making);
}
