/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ImportImage: makes an image from an archive, by quilt-transfer. */
#include "daemon/images/import.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus/caller-fd.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/bus/event.h"
#include "daemon/bus/job.h"
#include "daemon/helpers/helper.h"
#include "daemon/images/image-private.h"
#include "daemon/images/images-private.h"
#include "daemon/images/import-config.h"
#include "spec/names.h"
#include "store/digest.h"
#include "store/layers.h"

#include <string.h>

typedef struct {
  QuiltImages *images;
  char *name; /* NULL: none */
  int source; /* the caller's archive; -1 once the helper has it */
  QuiltJob *job;
  QuiltHelper *helper;
  GError *error;
  char *temporary; /* name of the unfinished layer, which the helper makes */

  QuiltMessage done; /* the helper's last message */
  char *digest;
  gboolean existed;
  gboolean no_end_mark;
  QuiltImageConfig config; /* configuration of a new image; empty if none was given */

  /* The thread writes the image's record, and that of the image that loses the name. */
  QuiltImageRecord *record;
  QuiltImageRecord *loser;
  QuiltLayerInfo info;
} Import;

static void
import_free (Import *import)
{
  quilt_fd_clear (&import->source);
  g_clear_pointer (&import->helper, quilt_helper_free);
  g_clear_pointer (&import->record, quilt_image_record_free);
  g_clear_pointer (&import->loser, quilt_image_record_free);
  quilt_layer_info_clear (&import->info);
  quilt_image_config_clear (&import->config);
  g_clear_error (&import->error);
  g_free (import->name);
  g_free (import->digest);
  g_free (import->temporary);
  g_free (import);
}

/* Every user can read the signal of a job's end, so it has only numbers, and no paths of the
 * archive. */
static GVariant *
left_out_counts (const QuiltLeftOut *left_out)
{
  GVariantBuilder counts;

  g_variant_builder_init (&counts, G_VARIANT_TYPE ("a{st}"));
  for (guint i = 0; i < QUILT_LEFT_OUT_KINDS; i++)
    if (left_out->counts[i] > 0)
      g_variant_builder_add (&counts, "{st}", quilt_left_out_name (i), left_out->counts[i]);
  return g_variant_builder_end (&counts);
}

static void
complete (Import *import, const QuiltImage *image, const GError *error)
{
  GVariantDict results;

  if (error) {
    quilt_job_complete (import->job, NULL, error);
    return;
  }
  g_variant_dict_init (&results, NULL);
  g_variant_dict_insert (&results, "image", "o", quilt_image_get_path (image));
  g_variant_dict_insert (&results, "digest", "s", quilt_image_get_digest (image));
  g_variant_dict_insert (&results, "existed", "b", import->existed);
  g_variant_dict_insert (&results, "nested", "b", import->info.nested);
  g_variant_dict_insert_value (&results, "left-out", left_out_counts (&import->info.left_out));
  quilt_event_log (QUILT_EVENT_IMAGE_IMPORTED,
                   &(QuiltEventFields){.image_name = import->name,
                                       .image_digest = quilt_image_get_digest (image)},
                   "Image %s was imported",
                   import->name ? import->name : quilt_image_get_digest (image));
  quilt_job_complete (import->job, g_variant_dict_end (&results), NULL);
}

static QuiltImage *
find_image (Import *import)
{
  return quilt_images_get (import->images, import->digest);
}

/* Runs in a thread. Removes what the helper left, since it may have been killed. */
static gboolean
discard (QuiltStore *store, gpointer data, GError **error)
{
  const Import *import = data;

  return quilt_layer_discard (store, import->temporary, error);
}

static void
on_discarded (GObject *source, GAsyncResult *result, gpointer data)
{
  Import *import = data; /* frees import */
  QuiltImages *images = import->images;
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error))
    g_warning ("%s", error->message);
  complete (import, NULL, import->error);
  quilt_hub_release (quilt_images_get_hub (images));
}

/* import->error is the reason. */
static void
give_up (Import *import)
{
  QuiltImages *images = import->images;

  quilt_hub_hold (quilt_images_get_hub (images));
  quilt_work_run (quilt_images_get_store (images), discard, import, (GDestroyNotify)import_free,
                  on_discarded, import);
}

/* Reads the information about the layer that the helper made. */
static gboolean
read_info (QuiltStore *store, Import *import, GError **error)
{
  const char *hex = quilt_digest_hex (import->digest);

  if (!quilt_layer_info_read (store->layers_fd, hex, &import->info, error))
    return FALSE;
  if (!import->existed)
    quilt_left_out_copy (&import->record->left_out, &import->info.left_out);
  return TRUE;
}

/* Write the image that gets the name first: after a crash in between, two images have it, but never
 * none. */
static gboolean
publish (QuiltStore *store, gpointer data, GError **error)
{
  Import *import = data;
  g_autoptr (GPtrArray) none =
      g_ptr_array_new (); /* stands for the other images with this layer: there are none */

  if (import->done.exit_code == 0 &&
      !quilt_layer_publish (store, import->temporary, import->digest, error)) {
    quilt_layer_discard (store, import->temporary, NULL);
    return FALSE;
  }
  if (!quilt_layer_exists (store, import->digest)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "The image was removed while it was imported: import it again");
    return FALSE;
  }
  if (read_info (store, import, error) && quilt_image_save (store, import->record, error) &&
      (!import->loser || quilt_image_save (store, import->loser, error)))
    return TRUE;
  if (!import->existed)
    quilt_image_remove (store, import->record, none, NULL);
  return FALSE;
}

static void begin_publishing (QuiltImages *images);

/* Ends the import at the head of the queue, and frees it. */
static void
end_publishing (Import *import, const QuiltImage *image, const GError *error)
{
  QuiltImages *images = import->images;

  complete (import, image, error);
  g_queue_pop_head (quilt_images_get_imports (images));
  begin_publishing (images);
  quilt_hub_release (quilt_images_get_hub (images));
}

static void
on_published (GObject *source, GAsyncResult *result, gpointer data)
{
  Import *import = data;
  QuiltImage *image = find_image (import);
  QuiltImage *loser = NULL;
  g_autoptr (GError) error = NULL;

  if (image)
    quilt_image_end_change (image);
  if (import->loser)
    loser = quilt_images_get (import->images, import->loser->digest);
  if (loser)
    quilt_image_end_change (loser);
  if (!quilt_work_finish (result, &error)) {
    end_publishing (import, NULL, error);
    return;
  }
  if (loser)
    quilt_image_set_record (loser, g_steal_pointer (&import->loser));
  if (image) {
    quilt_image_set_record (image, g_steal_pointer (&import->record));
  } else {
    image = quilt_image_add (import->images, g_steal_pointer (&import->record));
  }
  end_publishing (import, image, NULL);
}

static QuiltImageRecord *
new_record (Import *import, const QuiltMessage *done)
{
  const char *const names[] = {import->name, NULL};
  const char *const layers[] = {import->digest, NULL};
  QuiltImageRecord *record = g_new0 (QuiltImageRecord, 1);

  record->digest = g_strdup (import->digest);
  record->names = g_strdupv ((char **)names);
  record->layers = g_strdupv ((char **)layers);
  record->size = done->done;
  record->entries = done->total;
  record->created_usec = (guint64)g_get_real_time ();
  record->config = import->config;
  import->config = (QuiltImageConfig){NULL};
  return record;
}

/* Parses "sha256:HEX", which a space and other words may follow. */
static gboolean
parse_done (Import *import, const QuiltMessage *done, GError **error)
{
  g_auto (GStrv) words = g_strsplit (done->text, " ", 2);

  if (!words[0] || !quilt_digest_hex (words[0])) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to import: quilt-transfer sent an invalid answer");
    return FALSE;
  }
  import->digest = g_strdup (words[0]);
  return TRUE;
}

/* The command of an existing image must not change: containers made from it would run another
 * one. */
static gboolean
check_config (const Import *import, const QuiltImage *image, GError **error)
{
  if (!image || quilt_import_config_is_empty (&import->config) ||
      quilt_import_config_equal (&import->config, &quilt_image_get_record (image)->config))
    return TRUE;
  g_set_error (
      error, QUILT_ERROR, QUILT_ERROR_EXISTS,
      "Failed to change the configuration of image %s: its content is already in the store, with "
      "another configuration; remove that image first, or import without changes",
      quilt_image_get_digest (image));
  return FALSE;
}

/* Plans the new records, based on the current images. */
static gboolean
plan_records (Import *import, GError **error)
{
  QuiltIndex *index = quilt_images_get_index (import->images);
  QuiltImage *image, *owner;

  if (!parse_done (import, &import->done, error))
    return FALSE;
  image = find_image (import);
  owner = import->name ? quilt_index_get_named (index, import->name) : NULL;
  import->existed = image != NULL;
  if ((image && quilt_image_is_changing (image)) || (owner && quilt_image_is_changing (owner))) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "The image is being changed by another call: try again");
    return FALSE;
  }
  if (!check_config (import, image, error))
    return FALSE;
  import->record = image ? quilt_image_with_names (image, import->name, NULL)
                         : new_record (import, &import->done);
  if (image)
    quilt_image_begin_change (image, FALSE);
  if (owner && owner != image) {
    import->loser = quilt_image_with_names (owner, NULL, import->name);
    quilt_image_begin_change (owner, FALSE);
  }
  return TRUE;
}

/* Imports are published one after the other, since two may have the same archive or the same
 * name. */
static void
begin_publishing (QuiltImages *images)
{
  Import *import;

  while ((import = g_queue_peek_head (quilt_images_get_imports (images)))) {
    if (plan_records (import, &import->error)) {
      quilt_images_work (images, publish, import, (GDestroyNotify)import_free, on_published,
                         import);
      return;
    }
    g_queue_pop_head (quilt_images_get_imports (images));
    give_up (import);
    quilt_hub_release (quilt_images_get_hub (images));
  }
}

static void
finish (Import *import)
{
  QuiltImages *images = import->images;

  quilt_hub_hold (quilt_images_get_hub (images));
  g_queue_push_tail (quilt_images_get_imports (images), import);
  if (g_queue_get_length (quilt_images_get_imports (images)) == 1)
    begin_publishing (images);
}

static void
on_message (const QuiltMessage *message, gpointer data)
{
  Import *import = data;

  if (import->error)
    return; /* cancelled, or failed already: closed() follows */
  if (message->type == QUILT_MESSAGE_PROGRESS)
    quilt_job_progress (import->job, message->done, message->total);
  else if (message->type == QUILT_MESSAGE_DONE)
    import->done = *message;
  else if (message->type == QUILT_MESSAGE_ERROR)
    import->error = g_error_new_literal (QUILT_ERROR, message->code, message->text);
}

static void
on_closed (gpointer data)
{
  Import *import = data;

  g_clear_pointer (&import->helper, quilt_helper_free);
  if (!import->error && import->done.type) {
    finish (import);
    return;
  }
  if (!import->error)
    import->error = g_error_new (
        QUILT_ERROR, QUILT_ERROR_FAILED,
        "Failed to import: quilt-transfer ended unexpectedly; see 'journalctl -u quiltd.service'");
  give_up (import);
}

static const QuiltHelperEvents helper_events = {on_message, on_closed};

/* The unfinished layer is removed when the helper has ended. Without a helper, the image is already
 * being published. */
static gboolean
cancel (gpointer data)
{
  Import *import = data;

  if (!import->helper || import->error)
    return FALSE;
  import->error = g_error_new (QUILT_ERROR, QUILT_ERROR_CANCELLED, "The import was cancelled");
  quilt_helper_kill (import->helper);
  return TRUE;
}

static QuiltHelper *
spawn_transfer (Import *import, GError **error)
{
  QuiltImages *images = import->images;
  const QuiltPrograms *programs = quilt_images_get_programs (images);
  const QuiltImportLimits *limits = quilt_images_get_limits (images);
  g_autofree char *program = g_build_filename (programs->path, "quilt-transfer", NULL);
  g_autofree char *bytes =
      g_strdup_printf ("--max-bytes=%" G_GUINT64_FORMAT, MIN (limits->max_bytes, G_MAXINT64));
  g_autofree char *entries =
      g_strdup_printf ("--max-entries=%" G_GUINT64_FORMAT, MIN (limits->max_entries, G_MAXINT64));
  g_autofree char *temporary = g_strconcat ("--temporary=", import->temporary, NULL);
  const char *const argv[] = {
      program, bytes, entries, temporary, import->no_end_mark ? "--no-end-mark" : NULL, NULL};
  const int fds[] = {import->source, quilt_images_get_store (images)->layers_fd};

  return quilt_helper_spawn (programs->fd, argv, fds, G_N_ELEMENTS (fds), &helper_events, import,
                             error);
}

static void
authorized (QuiltCall *call, gpointer data)
{
  Import *import = quilt_call_steal_attached (call, "quilt-import");
  g_autoptr (GError) error = NULL;

  import->helper = spawn_transfer (import, &error);
  quilt_fd_clear (&import->source);
  if (!import->helper) {
    quilt_bus_error_return (call, error);
    import_free (import);
    return;
  }
  import->job =
      quilt_job_new (quilt_images_get_hub (import->images), "import", call, cancel, import);
  quilt_call_return (call, g_variant_new ("(o)", quilt_job_get_path (import->job)));
}

void
quilt_import_image (
    QuiltImages *images, QuiltCall *call, gint32 source, const char *name, GVariant *options)
{
  g_autoptr (GPtrArray) details = NULL;
  g_autoptr (GError) error = NULL;
  g_autofd int fd = -1;
  gboolean no_end_mark = FALSE;
  guint n_fds;
  const int *fds = quilt_call_get_fds (call, &n_fds);
  const QuiltDictKey keys[] = {{"no-end-mark", 'b', &no_end_mark, NULL}};
  g_autoptr (GVariant) rest = quilt_dict_take (options, keys, G_N_ELEMENTS (keys), &error);
  QuiltImageConfig config = {NULL};
  Import *import;

  if (rest)
    g_variant_ref_sink (rest);
  if (!rest || (*name && !quilt_image_name_check (name, &error)) ||
      (fd = quilt_caller_fd_take (fds, n_fds, source, "source", QUILT_CALLER_FD_SOURCE, &error)) <
          0 ||
      !quilt_import_config_read (rest, &config, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  import = g_new0 (Import, 1);
  import->images = images;
  import->name = *name ? g_strdup (name) : NULL;
  import->source = g_steal_fd (&fd);
  import->no_end_mark = no_end_mark;
  import->config = config;
  import->temporary = quilt_layer_temporary_new ();
  quilt_call_attach (call, "quilt-import", import, (GDestroyNotify)import_free);
  details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_ptr_array_add (details,
                   quilt_authority_details_new ("import", NULL, G_MAXUINT32, import->name));
  quilt_authority_require (quilt_images_get_authority (images), call, QUILT_ACTION_MANAGE_IMAGES,
                           details, authorized, NULL);
}
