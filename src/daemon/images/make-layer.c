/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a layer of what a container has changed, by a quilt-transfer. */
#include "daemon/images/make-layer.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/list-file.h"
#include "daemon/helpers/helper.h"
#include "daemon/images/images-private.h"
#include "store/digest.h"
#include "store/layers.h"
#include "systemd/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

struct QuiltLayerMaking {
  QuiltImages *images;
  const QuiltLayerEvents *events;
  gpointer data;
  QuiltHelper *helper; /* NULL when it has ended */
  int scope_fd;
  char *temporary;
  guint64 progress; /* the last report */
  QuiltMessage done;
  GError *error;
};

void
quilt_made_layer_clear (QuiltMadeLayer *made)
{
  g_clear_pointer (&made->digest, g_free);
  g_clear_pointer (&made->temporary, g_free);
}

static void
making_free (QuiltLayerMaking *self)
{
  g_clear_pointer (&self->helper, quilt_helper_free);
  quilt_fd_clear (&self->scope_fd);
  g_free (self->temporary);
  g_clear_error (&self->error);
  g_free (self);
}

/* Runs in a thread. Removes what the helper left, since it may have been killed. */
static gboolean
discard (QuiltStore *store, gpointer data, GError **error)
{
  const QuiltLayerMaking *self = data;

  return quilt_layer_discard (store, self->temporary, error);
}

static void
on_discarded (GObject *source, GAsyncResult *result, gpointer data)
{
  QuiltLayerMaking *self = data; /* freed after this */
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error))
    g_warning ("%s", error->message);
  self->events->made (NULL, self->error, self->data);
  quilt_hub_release (quilt_images_get_hub (self->images));
}

/* self->error is the reason. */
static void
give_up (QuiltLayerMaking *self)
{
  quilt_hub_hold (quilt_images_get_hub (self->images));
  quilt_work_run (quilt_images_get_store (self->images), discard, self, (GDestroyNotify)making_free,
                  on_discarded, self);
}

/* Parses "", "sha256:HEX" or "sha256:HEX TEMPORARY". */
static gboolean
read_result (const QuiltLayerMaking *self, QuiltMadeLayer *ret_made, GError **error)
{
  g_auto (GStrv) words = g_strsplit (self->done.text, " ", 2);

  if (words[0] &&
      (!quilt_digest_hex (words[0]) || (words[1] && strcmp (words[1], self->temporary) != 0))) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                         "Failed to make a layer: quilt-transfer sent an invalid answer");
    return FALSE;
  }
  *ret_made = (QuiltMadeLayer){.digest = g_strdup (words[0]),
                               .temporary = words[0] ? g_strdup (words[1]) : NULL,
                               .size = self->done.done,
                               .entries = self->done.total,
                               .stored = self->progress};
  return TRUE;
}

static void
on_message (const QuiltMessage *message, gpointer data)
{
  QuiltLayerMaking *self = data;

  if (self->error)
    return; /* cancelled, or failed already: closed() follows */
  if (message->type == QUILT_MESSAGE_PROGRESS) {
    self->progress = message->done;
    if (self->events->progress)
      self->events->progress (message->done, self->data);
  } else if (message->type == QUILT_MESSAGE_DONE)
    self->done = *message;
  else if (message->type == QUILT_MESSAGE_ERROR)
    self->error = g_error_new_literal (QUILT_ERROR, message->code, message->text);
}

static void
on_closed (gpointer data)
{
  QuiltLayerMaking *self = data;
  g_auto (QuiltMadeLayer) made = {NULL};

  g_clear_pointer (&self->helper, quilt_helper_free);
  /* The helper thaws the container itself, unless it was killed. */
  if (self->scope_fd >= 0 && !self->done.type)
    quilt_scope_end_pause (self->scope_fd);
  if (!self->error && !self->done.type)
    self->error =
        g_error_new_literal (QUILT_ERROR, QUILT_ERROR_FAILED,
                             "Failed to make a layer: quilt-transfer ended unexpectedly; see "
                             "'journalctl -u quiltd.service'");
  if (self->error || !read_result (self, &made, &self->error)) {
    give_up (self);
    return;
  }
  self->events->made (&made, NULL, self->data);
  making_free (self);
}

static const QuiltHelperEvents helper_events = {on_message, on_closed};

/* Opens the layers below, and appends them. */
static gboolean
add_lowers (GArray *fds, const char *const *lowers, GError **error)
{
  for (; *lowers; lowers++) {
    int fd = open (*lowers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
      return quilt_set_error_errno (error, errno, "Failed to open '%s'", *lowers);
    g_array_append_val (fds, fd);
  }
  return TRUE;
}

static gboolean
spawn (QuiltLayerMaking *self, const QuiltLayerSource *source, const GArray *fds, GError **error)
{
  const QuiltPrograms *programs = quilt_images_get_programs (self->images);
  const QuiltImportLimits *limits = quilt_images_get_limits (self->images);
  g_autofree char *program = g_build_filename (programs->path, "quilt-transfer", NULL);
  g_autofree char *bytes =
      g_strdup_printf ("--max-bytes=%" G_GUINT64_FORMAT, MIN (limits->max_bytes, G_MAXINT64));
  g_autofree char *entries =
      g_strdup_printf ("--max-entries=%" G_GUINT64_FORMAT, MIN (limits->max_entries, G_MAXINT64));
  g_autofree char *stored =
      g_strdup_printf ("--max-stored=%" G_GUINT64_FORMAT, MIN (source->max_stored, G_MAXINT64));
  g_autofree char *temporary = g_strconcat ("--temporary=", self->temporary, NULL);
  g_autofree char *lowers =
      g_strdup_printf ("--lowers=%u", g_strv_length ((char **)source->lowers));
  g_autofree char *pause =
      g_strdup_printf ("--pause=%" G_GUINT64_FORMAT, MIN (source->pause_usec, G_MAXINT64));
  const char *argv[] = {program,
                        bytes,
                        entries,
                        stored,
                        temporary,
                        lowers,
                        source->has_ids ? "--changes=user" : "--changes=trusted",
                        NULL,
                        NULL,
                        NULL};
  guint n = G_N_ELEMENTS (argv) - 3;

  if (source->scope_fd >= 0)
    argv[n++] = pause;
  if (source->salted)
    argv[n++] = "--salt";
  self->helper = quilt_helper_spawn (programs->fd, argv, (const int *)(gpointer)fds->data, fds->len,
                                     &helper_events, self, error);
  return self->helper != NULL;
}

/* The descriptors from 4 on: see transfer/commit-input.h. */
static gboolean
begin (QuiltLayerMaking *self, const QuiltLayerSource *source, GError **error)
{
  const int layers_fd = quilt_store_get_layers_fd (quilt_images_get_store (self->images));
  g_autofd int list = quilt_list_file_new ((const char *const *)source->places, error);
  g_autoptr (GArray) fds = g_array_new (FALSE, FALSE, sizeof (int));
  const int first[] = {source->upper_fd, layers_fd, list, source->scope_fd};
  gboolean ok;

  g_array_append_vals (fds, first, G_N_ELEMENTS (first));
  ok = list >= 0 && add_lowers (fds, source->lowers, error) && spawn (self, source, fds, error);
  for (guint i = G_N_ELEMENTS (first); i < fds->len; i++)
    quilt_fd_clear (&g_array_index (fds, int, i));
  return ok;
}

QuiltLayerMaking *
quilt_layer_make (QuiltImages *images,
                  const QuiltLayerSource *source,
                  const QuiltLayerEvents *events,
                  gpointer data,
                  GError **error)
{
  QuiltLayerMaking *self = g_new0 (QuiltLayerMaking, 1);

  self->images = images;
  self->events = events;
  self->data = data;
  self->temporary = quilt_layer_temporary_new ();
  self->scope_fd =
      source->scope_fd >= 0 ? fcntl (source->scope_fd, F_DUPFD_CLOEXEC, 3) : source->scope_fd;
  if (!begin (self, source, error))
    g_clear_pointer (&self, making_free);
  return self;
}

gboolean
quilt_layer_making_cancel (QuiltLayerMaking *self)
{
  if (!self->helper || self->error)
    return FALSE;
  self->error = g_error_new_literal (QUILT_ERROR, QUILT_ERROR_CANCELLED, "The work was cancelled");
  quilt_helper_kill (self->helper);
  return TRUE;
}

static gboolean
drop (QuiltStore *store, gpointer data, GError **error)
{
  return quilt_layer_discard (store, data, error);
}

static void
on_dropped (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error))
    g_warning ("%s", error->message);
  quilt_hub_release (quilt_images_get_hub (data));
}

void
quilt_layer_drop (QuiltImages *images, char *temporary)
{
  quilt_hub_hold (quilt_images_get_hub (images));
  quilt_work_run (quilt_images_get_store (images), drop, temporary, g_free, on_dropped, images);
}
