/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers that use or wait for what the setup steps of another container leave behind. */
#include "daemon/containers/setup.h"

#include "base/error.h"
#include "daemon/bus/work.h"
#include "daemon/containers/container-private.h"
#include "daemon/containers/lifecycle.h"
#include "daemon/containers/records.h"
#include "daemon/containers/setup-copy.h"
#include "daemon/containers/setups.h"
#include "spec/options/setup-cache.h"
#include "spec/options/setup-key.h"

#include <dirent.h>
#include <sys/utsname.h>

static char *
make_key (const QuiltContainerRecord *record, const QuiltImage *image)
{
  const QuiltImageRecord *base = quilt_image_get_record (image);
  struct utsname host;
  const QuiltSetupGround ground = {
      .image = base->digest,
      .image_env = base->config.env,
      .working_directory = base->config.working_directory,
      .machine = uname (&host) == 0 ? host.machine : "",
      .owner = record->owner,
  };

  return quilt_setup_key_new (record->options, &ground);
}

QuiltImage *
quilt_setup_find (const QuiltContainersParts *parts,
                  const QuiltContainerRecord *record,
                  const QuiltImage *image)
{
  g_autofree char *key = NULL;

  if (quilt_setup_cache_get (record->options) != QUILT_SETUP_CACHE_USE)
    return NULL;
  key = make_key (record, image);
  return quilt_image_find_setup (parts->images, key);
}

/* Whether nothing was written yet: neither by steps of an earlier start that has failed, nor by a
 * copy. */
static gboolean
is_pristine (const QuiltContainer *self)
{
  g_autofree char *path = quilt_container_path (self->parts->store, self->record->id, "upper");
  DIR *dir = opendir (path);
  const struct dirent *entry;
  gboolean empty = dir != NULL;

  while (empty && (entry = readdir (dir)))
    empty = g_str_equal (entry->d_name, ".") || g_str_equal (entry->d_name, "..");
  if (dir)
    closedir (dir);
  return empty;
}

static void
add_waiter (QuiltContainer *self, QuiltStreams *streams, GTask *task)
{
  g_ptr_array_add (self->setup_waiters, quilt_start_waiter_new (self, streams, task));
}

static void
go_on (QuiltContainer *self)
{
  gsize n;
  g_autofree gpointer *waiters = g_ptr_array_steal (self->setup_waiters, &n);

  self->waits_for_setup = FALSE;
  for (gsize i = 0; i < n; i++)
    quilt_start_waiter_continue (waiters[i]);
}

static gboolean
fail (QuiltContainer *self, const GError *why)
{
  gsize n;
  g_autofree gpointer *waiters = g_ptr_array_steal (self->setup_waiters, &n);

  for (gsize i = 0; i < n; i++)
    g_ptr_array_add (self->start_waiters, quilt_start_waiter_cancel (waiters[i]));
  if (n > 0)
    quilt_container_bar (self, why);
  return n > 0;
}

gboolean
quilt_setup_call_off (QuiltContainer *self)
{
  g_autoptr (GError) why = g_error_new (
      QUILT_ERROR, QUILT_ERROR_CANCELLED,
      "The container was stopped while it waited for the same setup steps of another container");

  return fail (self, why);
}

/* A record that is written, of a container that need not run its steps. */
typedef struct {
  QuiltContainer *container;
  QuiltContainerRecord *record;
} Binding;

static void
on_bound (GObject *source, GAsyncResult *result, gpointer data)
{
  Binding *binding = data;
  g_autoptr (QuiltContainer) self = binding->container;
  QuiltContainerRecord *record = binding->record;
  g_autoptr (GError) error = NULL;
  gboolean ok = quilt_work_finish (result, &error);

  g_free (binding);
  if (ok) {
    quilt_container_set_record (self, record);
  } else {
    quilt_container_set_image (self,
                               quilt_images_get (self->parts->images, self->record->image_digest));
    quilt_container_record_free (record);
  }
  quilt_container_end_edit (self);
  if (ok) {
    go_on (self);
    return;
  }
  self->waits_for_setup = FALSE;
  fail (self, error);
}

/* The record has to name the image first: the layers of the container must stay as they are. */
static void
bind_to (QuiltContainer *self, QuiltImage *image)
{
  Binding *binding = g_new0 (Binding, 1);

  binding->container = g_object_ref (self);
  binding->record = quilt_records_copy (self->record);
  binding->record->setup_image = g_strdup (quilt_image_get_digest (image));
  quilt_container_set_image (self, image);
  self->waits_for_setup = TRUE;
  quilt_container_begin_edit (self);
  quilt_records_save (self->parts->store, binding->record, on_bound, binding);
}

/* Returns FALSE if the container has to run its steps now. */
static gboolean
use_or_wait (QuiltContainer *self, const char *key)
{
  QuiltImage *image = quilt_image_find_setup (self->parts->images, key);

  if (image && self->life.files == QUILT_FILES_KEPT) {
    bind_to (self, image);
    return TRUE;
  }
  self->waits_for_setup = !image && quilt_setups_wait (self->parts->setups, key, G_OBJECT (self));
  return self->waits_for_setup;
}

gboolean
quilt_setup_waits (QuiltContainer *self, QuiltStreams *streams, GTask *task)
{
  const QuiltSetupCache mode = quilt_setup_cache_get (self->record->options);
  g_autofree char *key = NULL;

  if (mode == QUILT_SETUP_CACHE_OFF || self->record->setup_image || self->result.set_up ||
      self->setup_key || !self->image ||
      quilt_images_get_setup_limits (self->parts->images)->max_bytes == 0)
    return FALSE;
  if (self->setup_alone) {
    self->setup_alone = FALSE;
    return FALSE;
  }
  if (!self->waits_for_setup) {
    if (!is_pristine (self))
      return FALSE;
    key = make_key (self->record, self->image);
    if (mode == QUILT_SETUP_CACHE_REFRESH || !use_or_wait (self, key)) {
      quilt_setups_begin (self->parts->setups, key, self);
      self->setup_key = g_steal_pointer (&key);
      return FALSE;
    }
  }
  add_waiter (self, streams, task);
  return TRUE;
}

static void
on_kept (const GError *error, gpointer data)
{
  QuiltContainer *self = data;

  self->setup_copy = NULL;
  if (error)
    g_warning ("Failed to keep what the setup steps of container %s have left behind: %s",
               self->record->options->name, error->message);
  self->setup_unkept = error != NULL;
  quilt_run_order (self->run, QUILT_MESSAGE_CONTINUE);
}

void
quilt_setup_keep (QuiltContainer *self)
{
  g_autoptr (GError) error = NULL;

  if (self->setup_copy) /* a step sends reports in the name of the init */
    return;
  if (self->setup_key && self->image)
    self->setup_copy = quilt_setup_copy_new (self, self->setup_key, on_kept, self, &error);
  if (!self->setup_copy)
    on_kept (error, self);
}

void
quilt_setup_end (QuiltContainer *self)
{
  g_autofree char *key = g_steal_pointer (&self->setup_key);
  g_autoptr (GPtrArray) waiting = NULL;

  if (!key)
    return;
  g_clear_pointer (&self->setup_copy, quilt_setup_copy_cancel);
  waiting = quilt_setups_end (self->parts->setups, key, self);
  for (guint i = 0; waiting && i < waiting->len; i++) {
    QuiltContainer *other = waiting->pdata[i];

    other->setup_alone = self->setup_unkept; /* one after the other would not keep it either */
    go_on (other);
  }
  self->setup_unkept = FALSE;
}
