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
#include "daemon/images/publish.h"
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
  gboolean no_end_mark;
  QuiltImageConfig config; /* configuration of a new image; empty if none was given */
} Import;

static void
import_free (Import *import)
{
  quilt_fd_clear (&import->source);
  g_clear_pointer (&import->helper, quilt_helper_free);
  quilt_image_config_clear (&import->config);
  g_clear_error (&import->error);
  g_free (import->name);
  g_free (import->temporary);
  g_free (import);
}

static void
complete (const Import *import, const QuiltPublication *publication, const QuiltImage *image)
{
  GVariantDict results;

  g_variant_dict_init (&results, NULL);
  g_variant_dict_insert (&results, "image", "o", quilt_image_get_path (image));
  g_variant_dict_insert (&results, "digest", "s", quilt_image_get_digest (image));
  g_variant_dict_insert (&results, "existed", "b", publication->existed);
  g_variant_dict_insert (&results, "nested", "b", publication->info.nested);
  g_variant_dict_insert_value (&results, "left-out", quilt_publication_left_out (publication));
  quilt_event_log (QUILT_EVENT_IMAGE_IMPORTED,
                   &(QuiltEventFields){.image_name = import->name,
                                       .image_digest = quilt_image_get_digest (image)},
                   "Image %s was imported",
                   import->name ? import->name : quilt_image_get_digest (image));
  quilt_job_complete (import->job, g_variant_dict_end (&results), NULL);
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
  quilt_job_complete (import->job, NULL, import->error);
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

/* The command of an existing image must not change: containers made from it would run another
 * one. */
static gboolean
check_config (QuiltPublication *publication, const QuiltImage *image, GError **error)
{
  const QuiltImageConfig *config = &publication->record->config;

  if (!image || quilt_import_config_is_empty (config) ||
      quilt_import_config_equal (config, &quilt_image_get_record (image)->config))
    return TRUE;
  g_set_error (
      error, QUILT_ERROR, QUILT_ERROR_EXISTS,
      "Failed to change the configuration of image %s: its content is already in the store, with "
      "another configuration; remove that image first, or import without changes",
      quilt_image_get_digest (image));
  return FALSE;
}

static void
on_ended (QuiltPublication *publication, const QuiltImage *image, const GError *error)
{
  Import *import = publication->data;

  if (error) {
    import->error = g_error_copy (error);
    give_up (import);
    return;
  }
  complete (import, publication, image);
  import_free (import);
}

/* Takes the configuration. */
static QuiltImageRecord *
new_record (Import *import, const char *digest)
{
  const char *const layers[] = {digest, NULL};
  QuiltImageRecord *record = g_new0 (QuiltImageRecord, 1);

  record->digest = g_strdup (digest);
  record->layers = g_strdupv ((char **)layers);
  record->size = import->done.done;
  record->entries = import->done.total;
  record->created_usec = (guint64)g_get_real_time ();
  record->config = import->config;
  import->config = (QuiltImageConfig){NULL};
  return record;
}

/* Parses "sha256:HEX", which a space and other words may follow. */
static char *
parse_done (const QuiltMessage *done, GError **error)
{
  g_auto (GStrv) words = g_strsplit (done->text, " ", 2);

  if (words[0] && quilt_digest_hex (words[0]))
    return g_strdup (words[0]);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
               "Failed to import: quilt-transfer sent an invalid answer");
  return NULL;
}

static void
finish (Import *import)
{
  g_autofree char *digest = parse_done (&import->done, &import->error);
  QuiltPublication *publication;

  if (!digest) {
    give_up (import);
    return;
  }
  publication = quilt_publication_new (import->images);
  publication->name = g_strdup (import->name);
  publication->record = new_record (import, digest);
  publication->layer = g_steal_pointer (&digest);
  publication->temporary = import->done.exit_code == 0 ? g_strdup (import->temporary) : NULL;
  publication->check = check_config;
  publication->ended = on_ended;
  publication->data = import;
  quilt_publication_begin (publication);
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
  const int fds[] = {import->source, quilt_store_get_layers_fd (quilt_images_get_store (images))};

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
