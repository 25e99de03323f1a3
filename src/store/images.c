/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Image records: images/HEX.json. */
#include "store/images.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "spec/names.h"
#include "store/digest.h"
#include "store/layers.h"
#include "store/record.h"
#include "store/store-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const QuiltField config_fields[] = {
    {"entrypoint", QUILT_FIELD_ARRAY, quilt_field_strv, offsetof (QuiltImageConfig, entrypoint)},
    {"cmd", QUILT_FIELD_ARRAY, quilt_field_strv, offsetof (QuiltImageConfig, cmd)},
    {"env", QUILT_FIELD_ARRAY, quilt_field_strv, offsetof (QuiltImageConfig, env)},
    {"working-directory", QUILT_FIELD_STRING, quilt_field_string,
     offsetof (QuiltImageConfig, working_directory)},
    {"stop-signal", QUILT_FIELD_STRING, quilt_field_string,
     offsetof (QuiltImageConfig, stop_signal)},
    {"user", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltImageConfig, user)},
    {NULL},
};

static gboolean
parse_config (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_json_read (config_fields, value, path, member, error);
}

static const QuiltField image_fields[] = {
    QUILT_RECORD_FIELDS,
    {"digest", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltImageRecord, digest)},
    {"names", QUILT_FIELD_ARRAY, quilt_field_strv, offsetof (QuiltImageRecord, names)},
    {"layers", QUILT_FIELD_ARRAY, quilt_field_strv, offsetof (QuiltImageRecord, layers)},
    {"size", QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltImageRecord, size)},
    {"entries", QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltImageRecord, entries)},
    {"created", QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltImageRecord, created_usec)},
    {"left-out", QUILT_FIELD_OBJECT, quilt_left_out_parse, offsetof (QuiltImageRecord, left_out)},
    {"author", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltImageRecord, author)},
    {"comment", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltImageRecord, comment)},
    {"config", QUILT_FIELD_OBJECT, parse_config, offsetof (QuiltImageRecord, config)},
    {"setup-key", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltImageRecord, setup_key)},
    {"base", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltImageRecord, base)},
    {"setup-bytes", QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltImageRecord, setup_bytes)},
    {"setup-owner", QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltImageRecord, setup_owner)},
    {NULL},
};

void
quilt_image_record_free (QuiltImageRecord *record)
{
  if (!record)
    return;
  g_free (record->more);
  g_free (record->digest);
  g_strfreev (record->names);
  g_strfreev (record->layers);
  quilt_left_out_clear (&record->left_out);
  g_free (record->author);
  g_free (record->comment);
  quilt_image_config_clear (&record->config);
  g_free (record->setup_key);
  g_free (record->base);
  g_free (record);
}

json_object *
quilt_image_record_to_json (const QuiltImageRecord *record)
{
  json_object *object = quilt_record_new ();
  json_object *config = json_object_new_object ();

  quilt_record_add_string (object, "digest", record->digest);
  quilt_record_add_strv (object, "names", record->names);
  quilt_record_add_strv (object, "layers", record->layers);
  quilt_record_add_uint64 (object, "size", record->size);
  quilt_record_add_uint64 (object, "entries", record->entries);
  quilt_record_add_uint64 (object, "created", record->created_usec);
  quilt_left_out_write (&record->left_out, object);
  quilt_record_add_string (object, "author", record->author);
  quilt_record_add_string (object, "comment", record->comment);
  quilt_record_add_strv (config, "entrypoint", record->config.entrypoint);
  quilt_record_add_strv (config, "cmd", record->config.cmd);
  quilt_record_add_strv (config, "env", record->config.env);
  quilt_record_add_string (config, "working-directory", record->config.working_directory);
  quilt_record_add_string (config, "stop-signal", record->config.stop_signal);
  quilt_record_add_string (config, "user", record->config.user);
  json_object_object_add (object, "config", config);
  quilt_record_add_string (object, "setup-key", record->setup_key);
  quilt_record_add_string (object, "base", record->base);
  if (record->setup_key) {
    quilt_record_add_uint64 (object, "setup-bytes", record->setup_bytes);
    quilt_record_add_uint64 (object, "setup-owner", record->setup_owner);
  }
  quilt_json_add_members (object, record->more);
  return object;
}

/* The file may have changed since it was written, so check everything. */
static gboolean
check_record (const QuiltImageRecord *record, const char *file, GError **error)
{
  const char *hex = quilt_digest_hex (record->digest);
  const char *wrong = NULL;

  if (!hex || !g_str_has_prefix (file, hex))
    wrong = "its digest differs from its file name";
  for (guint i = 0; !wrong && record->layers && record->layers[i]; i++)
    if (!quilt_digest_hex (record->layers[i]))
      wrong = "a layer's digest is malformed";
  for (guint i = 0; !wrong && record->names && record->names[i]; i++)
    if (!quilt_image_name_check (record->names[i], NULL))
      wrong = "a name is malformed";
  if (!wrong && (!record->layers || !record->layers[0]))
    wrong = "it has no layers";
  if (!wrong && record->setup_key && !quilt_digest_hex (record->base))
    wrong = "the digest of its base is malformed";
  if (wrong)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to read '%s': %s", file, wrong);
  return wrong == NULL;
}

static QuiltImageRecord *
load_record (QuiltStore *store, const char *file, GError **error)
{
  g_autoptr (QuiltImageRecord) record = g_new0 (QuiltImageRecord, 1);
  struct stat st;

  if (!quilt_record_read (store->images_fd, file, image_fields, record, &record->more, error) ||
      !check_record (record, file, error))
    return NULL;
  if (!record->names)
    record->names = g_new0 (char *, 1);
  if (record->setup_key && record->setup_bytes == 0) /* an earlier Quilt has not counted */
    record->setup_bytes = record->size;
  if (record->setup_key && fstatat (store->images_fd, file, &st, AT_SYMLINK_NOFOLLOW) == 0)
    record->used_usec =
        (guint64)st.st_mtim.tv_sec * G_USEC_PER_SEC + (guint64)st.st_mtim.tv_nsec / 1000;
  return g_steal_pointer (&record);
}

GPtrArray *
quilt_images_load (QuiltStore *store,
                   void (*on_broken) (const char *file, const GError *why, gpointer data),
                   gpointer data,
                   GError **error)
{
  g_autoptr (GPtrArray) images =
      g_ptr_array_new_with_free_func ((GDestroyNotify)quilt_image_record_free);
  g_autofd int fd = openat (store->images_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (!dir) {
    quilt_set_error_errno (error, errno, "Failed to read directory 'images'");
    return NULL;
  }
  g_steal_fd (&fd);
  while ((entry = readdir (dir))) {
    g_autoptr (GError) why = NULL;
    QuiltImageRecord *record;

    if (entry->d_name[0] == '.')
      continue;
    record = load_record (store, entry->d_name, &why);
    if (g_error_matches (why, QUILT_ERROR, QUILT_ERROR_BUSY)) {
      g_propagate_error (error, g_steal_pointer (&why));
      closedir (dir);
      return NULL;
    }
    if (record)
      g_ptr_array_add (images, record);
    else if (on_broken)
      on_broken (entry->d_name, why, data);
  }
  closedir (dir);
  return g_steal_pointer (&images);
}

static char *
file_of (const char *digest, GError **error)
{
  const char *hex = quilt_digest_hex (digest);

  if (!hex) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to find image '%s': a digest is \"sha256:\" and 64 hexadecimal digits",
                 digest);
    return NULL;
  }
  return g_strconcat (hex, ".json", NULL);
}

gboolean
quilt_image_save (QuiltStore *store, const QuiltImageRecord *record, GError **error)
{
  g_autoptr (json_object) object = quilt_image_record_to_json (record);
  g_autofree char *file = file_of (record->digest, error);

  return file && quilt_record_write (store->images_fd, file, object, QUILT_FILE_DURABLE, error);
}

gboolean
quilt_image_note_use (QuiltStore *store, const char *digest, guint64 used_usec, GError **error)
{
  g_autofree char *file = file_of (digest, error);
  const struct timespec times[] = {
      {.tv_nsec = UTIME_OMIT},
      {.tv_sec = (time_t)(used_usec / G_USEC_PER_SEC),
       .tv_nsec = (long)(used_usec % G_USEC_PER_SEC * 1000)},
  };

  if (!file)
    return FALSE;
  return utimensat (store->images_fd, file, times, AT_SYMLINK_NOFOLLOW) == 0 ||
         quilt_set_error_errno (error, errno, "Failed to note the use of image '%s'", digest);
}

/* The digests of the layers that images use. Borrows them. */
static GHashTable *
list_used (GPtrArray *images)
{
  GHashTable *used = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; images && i < images->len; i++) {
    const QuiltImageRecord *image = g_ptr_array_index (images, i);

    for (char **layer = image->layers; layer && *layer; layer++)
      g_hash_table_add (used, *layer);
  }
  return used;
}

gboolean
quilt_images_sweep_layers (QuiltStore *store, GPtrArray *images, GError **error)
{
  g_autoptr (GHashTable) used = list_used (images);
  g_autofd int fd = openat (store->layers_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;
  gboolean ok = TRUE;

  if (!dir)
    return quilt_set_error_errno (error, errno, "Failed to read directory 'layers'");
  g_steal_fd (&fd);
  while (ok && (entry = readdir (dir))) {
    g_autofree char *digest = g_strconcat ("sha256:", entry->d_name, NULL);

    if (quilt_digest_hex (digest) && !g_hash_table_contains (used, digest))
      ok = quilt_layer_remove (store, digest, error);
  }
  closedir (dir);
  return ok;
}

static gboolean
remove_file (QuiltStore *store, const QuiltImageRecord *record, GError **error)
{
  g_autofree char *file = file_of (record->digest, error);

  if (!file)
    return FALSE;
  return unlinkat (store->images_fd, file, 0) == 0 || errno == ENOENT ||
         quilt_set_error_errno (error, errno, "Failed to remove image '%s'", record->digest);
}

/* Goes on after an error, so that one layer does not keep others. */
static gboolean
remove_layers (QuiltStore *store, char **layers, GHashTable *used, GError **error)
{
  gboolean ok = TRUE;

  for (; layers && *layers; layers++)
    if (!g_hash_table_contains (used, *layers))
      ok = quilt_layer_remove (store, *layers, ok ? error : NULL) && ok;
  return ok;
}

gboolean
quilt_images_remove (
    QuiltStore *store, GPtrArray *records, GPtrArray *remaining, gboolean *ret_gone, GError **error)
{
  g_autoptr (GHashTable) used = list_used (remaining);
  gboolean ok = TRUE;

  *ret_gone = FALSE;
  for (guint i = 0; i < records->len; i++)
    if (!remove_file (store, records->pdata[i], error))
      return FALSE;
  if (fsync (store->images_fd) < 0)
    return quilt_set_error_errno (error, errno, "Failed to sync directory 'images'");
  *ret_gone = TRUE;
  for (guint i = 0; i < records->len; i++) {
    const QuiltImageRecord *record = records->pdata[i];

    ok = remove_layers (store, record->layers, used, ok ? error : NULL) && ok;
  }
  return ok;
}

gboolean
quilt_image_remove (QuiltStore *store,
                    const QuiltImageRecord *record,
                    GPtrArray *remaining,
                    GError **error)
{
  g_autoptr (GPtrArray) records = g_ptr_array_new ();
  gboolean gone;

  g_ptr_array_add (records, (gpointer)record);
  return quilt_images_remove (store, records, remaining, &gone, error);
}
