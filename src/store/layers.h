/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The directory layers: one unpacked tree per content digest, layers/HEX/fs. */
#pragma once

#include "store/left-out.h"
#include "store/store.h"

/* The information about a layer, layers/HEX/layer.json. */
typedef struct {
  guint64 size;    /* bytes of its files */
  guint64 entries; /* files, directories and links */
  gboolean nested; /* all are below one directory, which looks like the root itself */
  QuiltLeftOut left_out;
} QuiltLayerInfo;

void quilt_layer_info_clear (QuiltLayerInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltLayerInfo, quilt_layer_info_clear)

/* Writes the information beside fs/, without a sync: the unpacking process syncs the whole tree at
 * once. */
gboolean quilt_layer_info_write (int layer_fd, const QuiltLayerInfo *info, GError **error);

/* Reads it from the directory layers, for a finished layer. NOT_FOUND when there is no such layer.
 * To be cleared by the caller. */
gboolean
quilt_layer_info_read (int layers_fd, const char *hex, QuiltLayerInfo *ret_info, GError **error);

/* Whether layers/HEX of digest is there. FALSE for a malformed digest. */
gboolean quilt_layer_exists (QuiltStore *store, const char *digest);

/* "PATH/layers/HEX/fs"; NULL for a malformed digest. */
char *quilt_layer_path (QuiltStore *store, const char *digest);

/* Makes the finished layers/TEMPORARY (synced by whoever unpacked it) the layer of digest: one
 * rename, durable. If the layer is there already, temporary is removed. */
gboolean
quilt_layer_publish (QuiltStore *store, const char *temporary, const char *digest, GError **error);

/* A new name for an unfinished layer, ".tmp-" and 16 random hexadecimal digits. Owned by the
 * caller. */
char *quilt_layer_temporary_new (void);

/* Whether name can be one of an unfinished layer: what passes is safe as the name of a directory.
 */
gboolean quilt_layer_temporary_check (const char *name, GError **error);

/* Removes the unfinished layers/TEMPORARY of a process that ended early. No error if it does not
 * exist. Blocking. */
gboolean quilt_layer_discard (QuiltStore *store, const char *temporary, GError **error);

/* Removes layers/HEX: one rename, durable, then the tree. No error if it is not there. */
gboolean quilt_layer_remove (QuiltStore *store, const char *digest, GError **error);
