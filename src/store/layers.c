/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory layers: one unpacked tree per content digest. */
#include "store/layers.h"

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "store/digest.h"
#include "store/record.h"
#include "store/store-private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define INFO_NAME "layer.json"
#define TEMPORARY_PREFIX ".tmp-"

static const QuiltField info_fields[] = {
    QUILT_RECORD_FIELDS,
    {"size", QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltLayerInfo, size)},
    {"entries", QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltLayerInfo, entries)},
    {"nested", QUILT_FIELD_BOOL, quilt_field_bool, offsetof (QuiltLayerInfo, nested)},
    {"left-out", QUILT_FIELD_OBJECT, quilt_left_out_parse, offsetof (QuiltLayerInfo, left_out)},
    {"salt", QUILT_FIELD_STRING, quilt_field_string, offsetof (QuiltLayerInfo, salt)},
    {NULL},
};

void
quilt_layer_info_clear (QuiltLayerInfo *info)
{
  quilt_left_out_clear (&info->left_out);
  g_clear_pointer (&info->salt, g_free);
}

gboolean
quilt_layer_info_write (int layer_fd, const QuiltLayerInfo *info, GError **error)
{
  g_autoptr (json_object) record = quilt_record_new ();

  quilt_record_add_uint64 (record, "size", info->size);
  quilt_record_add_uint64 (record, "entries", info->entries);
  if (info->nested)
    json_object_object_add (record, "nested", json_object_new_boolean (TRUE));
  quilt_left_out_write (&info->left_out, record);
  quilt_record_add_string (record, "salt", info->salt);
  return quilt_record_write (layer_fd, INFO_NAME, record, QUILT_FILE_VOLATILE, error);
}

gboolean
quilt_layer_info_read (int layers_fd, const char *hex, QuiltLayerInfo *ret_info, GError **error)
{
  g_autofree char *name = g_build_filename (hex, INFO_NAME, NULL);
  g_auto (QuiltLayerInfo) info = {0};

  if (!quilt_record_read (layers_fd, name, info_fields, &info, NULL, error))
    return FALSE;
  *ret_info = info;
  info = (QuiltLayerInfo){0};
  return TRUE;
}

gboolean
quilt_layer_exists (QuiltStore *store, const char *digest)
{
  const char *hex = quilt_digest_hex (digest);
  struct stat st;

  return hex && fstatat (store->layers_fd, hex, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISDIR (st.st_mode);
}

char *
quilt_layer_path (QuiltStore *store, const char *digest)
{
  const char *hex = quilt_digest_hex (digest);

  return hex ? g_build_filename (store->path, "layers", hex, "fs", NULL) : NULL;
}

static gboolean
check_digest (const char *digest, const char **ret_hex, GError **error)
{
  const char *hex = quilt_digest_hex (digest);

  if (!hex) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to find layer '%s': a digest is \"sha256:\" and 64 hexadecimal digits",
                 digest);
    return FALSE;
  }
  *ret_hex = hex;
  return TRUE;
}

char *
quilt_layer_temporary_new (void)
{
  return g_strdup_printf (TEMPORARY_PREFIX "%08x%08x", g_random_int (), g_random_int ());
}

/* The name may come from a process that has parsed a hostile archive. */
gboolean
quilt_layer_temporary_check (const char *name, GError **error)
{
  g_autofree char *quoted = NULL;

  if (g_str_has_prefix (name, TEMPORARY_PREFIX) && !strchr (name, '/'))
    return TRUE;
  quoted = quilt_text_quote (name);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to find '%s': not the name of an unfinished layer", quoted);
  return FALSE;
}

gboolean
quilt_layer_discard (QuiltStore *store, const char *temporary, GError **error)
{
  return quilt_layer_temporary_check (temporary, error) &&
         quilt_tree_remove (store->layers_fd, temporary, error);
}

gboolean
quilt_layer_publish (QuiltStore *store, const char *temporary, const char *digest, GError **error)
{
  const char *hex;

  if (!check_digest (digest, &hex, error))
    return FALSE;
  if (!quilt_layer_temporary_check (temporary, error))
    return FALSE;
  if (renameat2 (store->layers_fd, temporary, store->layers_fd, hex, RENAME_NOREPLACE) < 0) {
    if (errno == EEXIST)
      return quilt_tree_remove (store->layers_fd, temporary, error);
    return quilt_set_error_errno (error, errno, "Failed to publish layer '%s'", digest);
  }
  if (fsync (store->layers_fd) < 0)
    return quilt_set_error_errno (error, errno, "Failed to sync directory 'layers'");
  return TRUE;
}

gboolean
quilt_layer_remove (QuiltStore *store, const char *digest, GError **error)
{
  g_autofree char *gone = NULL;
  const char *hex;

  if (!check_digest (digest, &hex, error))
    return FALSE;
  /* Rename first: a crash during the removal must not leave an incomplete layer under its
   * digest. */
  gone = g_strconcat (TEMPORARY_PREFIX "gone-", hex, NULL);
  if (!quilt_tree_remove (store->layers_fd, gone, error))
    return FALSE;
  if (renameat (store->layers_fd, hex, store->layers_fd, gone) < 0 && errno != ENOENT)
    return quilt_set_error_errno (error, errno, "Failed to remove layer '%s'", digest);
  if (fsync (store->layers_fd) < 0)
    return quilt_set_error_errno (error, errno, "Failed to sync directory 'layers'");
  return quilt_tree_remove (store->layers_fd, gone, error);
}
