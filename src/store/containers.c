/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Container records and directories: containers/ID. */
#include "store/containers.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "spec/names.h"
#include "store/digest.h"
#include "store/record.h"
#include "store/store-private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_NAME "record.json"
/* The record of a volatile container. It is not synced: a power cut may empty it. */
#define VOLATILE_NAME "volatile.json"
#define RESULT_NAME "result.json"
/* A record larger than this is broken. */
#define RECORD_MAX (32 * 1024 * 1024)

static gboolean
parse_options (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  QuiltOptions **ret_options = member;
  QuiltOptions *options = quilt_options_from_json (value, error);

  if (!options)
    return FALSE;
  quilt_options_free (*ret_options);
  *ret_options = options;
  return TRUE;
}

static gboolean
parse_between (json_object *value, const char *path, gint64 min, gint64 max, GError **error)
{
  gint64 number = json_object_get_int64 (value);

  if (number >= min && number <= max)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "%s: %" G_GINT64_FORMAT " is out of range", path, number);
  return FALSE;
}

static gboolean
parse_uid (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (!parse_between (value, path, 0, G_MAXUINT32, error))
    return FALSE;
  *(guint32 *)member = (guint32)json_object_get_int64 (value);
  return TRUE;
}

static gboolean
parse_int (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  if (!parse_between (value, path, G_MININT32, G_MAXINT32, error))
    return FALSE;
  *(int *)member = json_object_get_int (value);
  return TRUE;
}

static gboolean
parse_id_map (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  GArray *map = quilt_id_map_parse (json_object_get_string (value), error);

  if (!map) {
    g_prefix_error (error, "%s: ", path);
    return FALSE;
  }
  *(GArray **)member = map;
  return TRUE;
}

static const QuiltField record_fields[] = {
    QUILT_RECORD_FIELDS,
    {"id", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltContainerRecord, id)},
    {"image", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltContainerRecord, image)},
    {"image-digest", QUILT_FIELD_STRING, quilt_field_string,
     offsetof (QuiltContainerRecord, image_digest)},
    {"setup-image", QUILT_FIELD_STRING, quilt_field_string,
     offsetof (QuiltContainerRecord, setup_image)},
    {"owner", QUILT_FIELD_INT, parse_uid, offsetof (QuiltContainerRecord, owner)},
    {"created", QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltContainerRecord, created_usec)},
    {"uid-map", QUILT_FIELD_STRING, parse_id_map, offsetof (QuiltContainerRecord, uid_map)},
    {"gid-map", QUILT_FIELD_STRING, parse_id_map, offsetof (QuiltContainerRecord, gid_map)},
    {"options", QUILT_FIELD_OBJECT, parse_options, offsetof (QuiltContainerRecord, options)},
    {NULL},
};

static const QuiltField result_fields[] = {
    QUILT_RECORD_FIELDS,
    {"started", QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltResult, started_usec)},
    {"finished", QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltResult, finished_usec)},
    {"exit-code", QUILT_FIELD_INT, parse_int, offsetof (QuiltResult, exit_code)},
    {"signal", QUILT_FIELD_INT, parse_int, offsetof (QuiltResult, signal)},
    {"step", QUILT_FIELD_INT, parse_uid, offsetof (QuiltResult, step)},
    {"reason", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltResult, reason)},
    {"error", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltResult, error)},
    {"error-name", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltResult, error_name)},
    {"set-up", QUILT_FIELD_BOOL, quilt_field_bool, offsetof (QuiltResult, set_up)},
    {NULL},
};

void
quilt_container_record_free (QuiltContainerRecord *record)
{
  if (!record)
    return;
  g_free (record->more);
  g_free (record->id);
  g_free (record->image);
  g_free (record->image_digest);
  g_free (record->setup_image);
  g_clear_pointer (&record->uid_map, g_array_unref);
  g_clear_pointer (&record->gid_map, g_array_unref);
  quilt_options_free (record->options);
  g_free (record);
}

void
quilt_result_clear (QuiltResult *result)
{
  g_clear_pointer (&result->reason, g_free);
  g_clear_pointer (&result->error, g_free);
  g_clear_pointer (&result->error_name, g_free);
  g_clear_pointer (&result->more, g_free);
}

void
quilt_result_copy (const QuiltResult *result, QuiltResult *ret_copy)
{
  *ret_copy = *result;
  ret_copy->reason = g_strdup (result->reason);
  ret_copy->error = g_strdup (result->error);
  ret_copy->error_name = g_strdup (result->error_name);
  ret_copy->more = g_strdup (result->more);
}

void
quilt_stored_container_free (QuiltStoredContainer *stored)
{
  if (!stored)
    return;
  quilt_container_record_free (stored->record);
  quilt_result_clear (&stored->result);
  g_free (stored);
}

static void
add_id_map (json_object *object, const char *key, const GArray *map)
{
  g_autofree char *text = map ? quilt_id_map_print (map) : NULL;

  quilt_record_add_string (object, key, text);
}

json_object *
quilt_container_record_to_json (const QuiltContainerRecord *record)
{
  json_object *object = quilt_record_new ();

  quilt_record_add_string (object, "id", record->id);
  quilt_record_add_string (object, "image", record->image);
  quilt_record_add_string (object, "image-digest", record->image_digest);
  quilt_record_add_string (object, "setup-image", record->setup_image);
  quilt_record_add_uint64 (object, "owner", record->owner);
  quilt_record_add_uint64 (object, "created", record->created_usec);
  add_id_map (object, "uid-map", record->uid_map);
  add_id_map (object, "gid-map", record->gid_map);
  json_object_object_add (object, "options", quilt_options_to_json (record->options));
  quilt_json_add_members (object, record->more);
  return object;
}

char *
quilt_container_record_print (const QuiltContainerRecord *record, gboolean pretty)
{
  g_autoptr (json_object) object = quilt_container_record_to_json (record);

  return quilt_json_print (object, pretty);
}

/* An ID becomes a directory name, so check it. */
static gboolean
check_id (const char *id, GError **error)
{
  if (id && quilt_id_check (id))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to find container '%s': an ID is 32 hexadecimal digits", id ? id : "");
  return FALSE;
}

static const char *
record_name (const QuiltContainerRecord *record)
{
  return record->is_volatile ? VOLATILE_NAME : RECORD_NAME;
}

gboolean
quilt_container_is_volatile (QuiltStore *store, const char *id)
{
  g_autofree char *file = g_build_filename (id, VOLATILE_NAME, NULL);

  return quilt_id_check (id) && faccessat (store->containers_fd, file, F_OK, 0) == 0;
}

int
quilt_container_open (QuiltStore *store, const char *id, GError **error)
{
  return check_id (id, error) ? quilt_dir_open (store->containers_fd, id, error) : -1;
}

/* upper becomes the container's "/", so all users inside may enter it. No user outside can reach
 * it. */
static const struct {
  const char *name;
  mode_t mode;
} container_dirs[] = {{"upper", 0755}, {"work", 0700}};

static gboolean
fill_container (int fd, const QuiltContainerRecord *record, GError **error)
{
  g_autofree char *text = quilt_container_record_print (record, FALSE);
  const char *name = record_name (record);
  g_autofd int file = -1;

  for (guint i = 0; i < G_N_ELEMENTS (container_dirs); i++) {
    const char *dir = container_dirs[i].name;

    /* The umask may have removed bits from the mode. */
    if (mkdirat (fd, dir, container_dirs[i].mode) < 0 ||
        fchmodat (fd, dir, container_dirs[i].mode, 0) < 0)
      return quilt_set_error_errno (error, errno, "Failed to create directory '%s/%s'", record->id,
                                    dir);
  }
  /* No temporary file is needed: the whole directory has a temporary name, and one rename publishes
   * it. */
  file = openat (fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 || !quilt_fd_write_all (file, text, strlen (text)) ||
      (!record->is_volatile && (fsync (file) < 0 || fsync (fd) < 0)))
    return quilt_set_error_errno (error, errno, "Failed to write '%s/%s'", record->id, name);
  return TRUE;
}

static gboolean
publish_container (QuiltStore *store, const char *temporary, const char *id, GError **error)
{
  if (renameat2 (store->containers_fd, temporary, store->containers_fd, id, RENAME_NOREPLACE) == 0)
    return TRUE;
  if (errno != EEXIST)
    return quilt_set_error_errno (error, errno, "Failed to create container '%s'", id);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_EXISTS,
               "Failed to create container '%s': it exists already", id);
  return FALSE;
}

gboolean
quilt_container_create (QuiltStore *store, const QuiltContainerRecord *record, GError **error)
{
  g_autofree char *temporary = NULL;
  g_autofd int fd = -1;

  if (!check_id (record->id, error))
    return FALSE;
  temporary = g_strconcat (".new-", record->id, NULL);
  fd = quilt_dir_ensure (store->containers_fd, temporary, error);
  if (fd < 0)
    return FALSE;
  if (!fill_container (fd, record, error) ||
      !publish_container (store, temporary, record->id, error)) {
    quilt_tree_remove (store->containers_fd, temporary, NULL);
    return FALSE;
  }
  if (!record->is_volatile && fsync (store->containers_fd) < 0)
    return quilt_set_error_errno (error, errno, "Failed to sync directory 'containers'");
  return TRUE;
}

gboolean
quilt_container_save (QuiltStore *store, const QuiltContainerRecord *record, GError **error)
{
  g_autoptr (json_object) object = quilt_container_record_to_json (record);
  g_autofd int fd = quilt_container_open (store, record->id, error);

  return fd >= 0 &&
         quilt_record_write (fd, record_name (record), object, QUILT_FILE_DURABLE, error);
}

json_object *
quilt_result_to_json (const QuiltResult *result)
{
  json_object *object = quilt_record_new ();

  quilt_record_add_uint64 (object, "started", result->started_usec);
  quilt_record_add_uint64 (object, "finished", result->finished_usec);
  json_object_object_add (object, "exit-code", json_object_new_int (result->exit_code));
  json_object_object_add (object, "signal", json_object_new_int (result->signal));
  quilt_record_add_uint64 (object, "step", result->step);
  quilt_record_add_string (object, "reason", result->reason);
  quilt_record_add_string (object, "error", result->error);
  quilt_record_add_string (object, "error-name", result->error_name);
  if (result->set_up)
    json_object_object_add (object, "set-up", json_object_new_boolean (TRUE));
  quilt_json_add_members (object, result->more);
  return object;
}

gboolean
quilt_container_save_result (
    QuiltStore *store, const char *id, const QuiltResult *result, gboolean durable, GError **error)
{
  g_autoptr (json_object) object = quilt_result_to_json (result);
  g_autofd int fd = quilt_container_open (store, id, error);

  if (fd < 0)
    return FALSE;
  /* The exit record of an earlier run must never be taken for the exit of this run. */
  if (result->finished_usec == 0)
    unlinkat (fd, QUILT_CONTAINER_EXIT, 0);
  return quilt_record_write (fd, RESULT_NAME, object,
                             durable ? QUILT_FILE_DURABLE : QUILT_FILE_VOLATILE, error);
}

static void
complete_result (QuiltResult *result)
{
  char **texts[] = {&result->reason, &result->error, &result->error_name};

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (!*texts[i])
      *texts[i] = g_strdup ("");
}

/* No result: the container has never run. A broken result: it has run, and its exit is unknown.
 * Show the container nevertheless. */
static void
load_result (QuiltStore *store, const char *id, QuiltResult *ret_result)
{
  g_autofree char *file = g_build_filename (id, RESULT_NAME, NULL);
  g_autoptr (GError) why = NULL;
  QuiltResult result = {.exit_code = -1};

  if (!quilt_record_read (store->containers_fd, file, result_fields, &result, &result.more, &why) &&
      !g_error_matches (why, QUILT_ERROR, QUILT_ERROR_NOT_FOUND)) {
    quilt_result_clear (&result);
    result = (QuiltResult){
        .exit_code = -1,
        .reason = g_strdup ("lost"),
        .error = g_strdup (why->message),
        .error_name = g_strdup (quilt_error_to_name (QUILT_ERROR_FAILED)),
        .unreadable = TRUE,
    };
  }
  complete_result (&result);
  *ret_result = result;
}

/* Without its id maps, the container would be started with the host's ids. */
static gboolean
has_ids (const QuiltContainerRecord *record)
{
  const char *userns = record->options->userns;
  gboolean host = !userns || g_str_equal (userns, QUILT_USERNS_HOST);

  return (record->uid_map != NULL) == !host && (record->gid_map != NULL) == !host;
}

/* The path of a container's record, relative to containers/. */
static char *
find_record (QuiltStore *store, const char *id)
{
  return g_build_filename (
      id, quilt_container_is_volatile (store, id) ? VOLATILE_NAME : RECORD_NAME, NULL);
}

static QuiltContainerRecord *
load_record (QuiltStore *store, const char *id, GError **error)
{
  g_autofree char *file = find_record (store, id);
  g_autoptr (QuiltContainerRecord) record = g_new0 (QuiltContainerRecord, 1);

  if (!quilt_record_read (store->containers_fd, file, record_fields, record, &record->more, error))
    return NULL;
  if (g_strcmp0 (record->id, id) == 0 && quilt_id_check (id) && record->options &&
      record->options->name && quilt_digest_hex (record->image_digest) && has_ids (record)) {
    record->is_volatile = quilt_container_is_volatile (store, id);
    if (!record->image)
      record->image = g_strdup (record->image_digest);
    return g_steal_pointer (&record);
  }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
               "Failed to read '%s': its ID is not that of its directory, or it lacks an image, a "
               "name or the id maps of its option userns",
               file);
  return NULL;
}

GPtrArray *
quilt_containers_load (QuiltStore *store,
                       void (*on_broken) (const char *id, const GError *why, gpointer data),
                       gpointer data,
                       GError **error)
{
  g_autoptr (GPtrArray) containers =
      g_ptr_array_new_with_free_func ((GDestroyNotify)quilt_stored_container_free);
  g_autofd int fd = openat (store->containers_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = fd >= 0 ? fdopendir (fd) : NULL;
  struct dirent *entry;

  if (!dir) {
    quilt_set_error_errno (error, errno, "Failed to read directory 'containers'");
    return NULL;
  }
  g_steal_fd (&fd);
  while ((entry = readdir (dir))) {
    g_autoptr (GError) why = NULL;
    g_autoptr (QuiltContainerRecord) record = NULL;
    QuiltStoredContainer *stored;

    if (entry->d_name[0] == '.')
      continue;
    record = load_record (store, entry->d_name, &why);
    if (g_error_matches (why, QUILT_ERROR, QUILT_ERROR_BUSY)) {
      g_propagate_error (error, g_steal_pointer (&why));
      closedir (dir);
      return NULL;
    }
    if (!record) {
      if (on_broken)
        on_broken (entry->d_name, why, data);
      continue;
    }
    stored = g_new0 (QuiltStoredContainer, 1);
    stored->record = g_steal_pointer (&record);
    load_result (store, entry->d_name, &stored->result);
    g_ptr_array_add (containers, stored);
  }
  closedir (dir);
  return g_steal_pointer (&containers);
}

/* Reads an id map from a record that may be invalid JSON, or of another version. */
static GArray *
salvage_id_map (const char *text, const char *key)
{
  g_autofree char *begin = g_strconcat ("\"", key, "\":\"", NULL);
  const char *found = strstr (text, begin);
  g_autofree char *map = NULL;

  if (!found)
    return NULL;
  found += strlen (begin);
  map = g_strndup (found, strcspn (found, "\""));
  return quilt_id_map_parse (map, NULL);
}

void
quilt_container_salvage_ids (QuiltStore *store,
                             const char *id,
                             GArray **ret_uid_map,
                             GArray **ret_gid_map)
{
  g_autofree char *file = find_record (store, id);
  g_autoptr (GBytes) bytes = quilt_file_read (store->containers_fd, file, RECORD_MAX, NULL);
  g_autofree char *text = NULL;
  gconstpointer data;
  gsize size = 0;

  data = bytes ? g_bytes_get_data (bytes, &size) : NULL;
  text = g_strndup (data ? data : "", size);
  *ret_uid_map = salvage_id_map (text, "uid-map");
  *ret_gid_map = salvage_id_map (text, "gid-map");
}

gboolean
quilt_container_retire (QuiltStore *store, const char *id, gboolean durable, GError **error)
{
  g_autofree char *gone = NULL;

  if (!check_id (id, error))
    return FALSE;
  gone = g_strconcat (".gone-", id, NULL);
  if (renameat (store->containers_fd, id, store->containers_fd, gone) < 0) {
    if (errno != ENOENT)
      return quilt_set_error_errno (error, errno, "Failed to remove container '%s'", id);
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                 "Failed to remove container '%s': it does not exist", id);
    return FALSE;
  }
  if (durable && fsync (store->containers_fd) < 0)
    return quilt_set_error_errno (error, errno, "Failed to sync directory 'containers'");
  return TRUE;
}

gboolean
quilt_container_delete (QuiltStore *store, const char *id, GError **error)
{
  g_autofree char *gone = NULL;

  if (!check_id (id, error))
    return FALSE;
  gone = g_strconcat (".gone-", id, NULL);
  return quilt_tree_remove (store->containers_fd, gone, error);
}

char *
quilt_container_path (QuiltStore *store, const char *id, const char *name)
{
  return g_build_filename (store->path, "containers", id, name, NULL);
}
