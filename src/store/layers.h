/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory layers: one unpacked tree per content digest, layers/HEX/fs. */
#pragma once

#include "store/left-out.h"
#include "store/store.h"

/* Information about a layer, layers/HEX/layer.json. Only root can read it. */
typedef struct {
  guint64 size;    /* bytes of its files */
  guint64 entries; /* files, directories and links */
  gboolean nested; /* everything is below one directory, which looks like a root file system */
  QuiltLeftOut left_out;
  char *salt; /* that the digest begins with, before the content; NULL: none */
} QuiltLayerInfo;

void quilt_layer_info_clear (QuiltLayerInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltLayerInfo, quilt_layer_info_clear)

/* Writes the information beside fs/, without a sync: the process that unpacks syncs the whole tree
 * at once. */
gboolean quilt_layer_info_write (int layer_fd, const QuiltLayerInfo *info, GError **error);

/* Reads the information of a finished layer. NOT_FOUND if the layer does not exist. The caller
 * clears *ret_info. */
gboolean
quilt_layer_info_read (int layers_fd, const char *hex, QuiltLayerInfo *ret_info, GError **error);

/* Whether the layer of digest exists. FALSE for a malformed digest. */
gboolean quilt_layer_exists (QuiltStore *store, const char *digest);

/* "PATH/layers/HEX/fs"; NULL for a malformed digest. */
char *quilt_layer_path (QuiltStore *store, const char *digest);

/* Publishes the finished layers/TEMPORARY as the layer of digest, durably, by one rename. The
 * process that unpacked it has synced it. If the layer already exists, removes TEMPORARY. */
gboolean
quilt_layer_publish (QuiltStore *store, const char *temporary, const char *digest, GError **error);

/* A new name for an unfinished layer, ".tmp-" and 16 random hexadecimal digits. Owned by the
 * caller. */
char *quilt_layer_temporary_new (void);

/* Whether name has the form of an unfinished layer's name. Such a name is safe as a directory
 * name. */
gboolean quilt_layer_temporary_check (const char *name, GError **error);

/* Removes layers/TEMPORARY, left by a process that ended early. The directory may be missing.
 * Blocking. */
gboolean quilt_layer_discard (QuiltStore *store, const char *temporary, GError **error);

/* Removes layers/HEX: first a durable rename, then the tree. The layer may be missing. */
gboolean quilt_layer_remove (QuiltStore *store, const char *digest, GError **error);
