/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state directory: its owner, its lock and its subdirectories. Only quiltd writes to it. */
#pragma once

#include <glib.h>

typedef struct QuiltStore QuiltStore;

/* Opens path and takes its lock: BUSY if another quiltd has it. Makes missing directories (0700,
 * owned by us). Removes what a crash left unfinished (layers/.tmp-*, containers/.new-*,
 * containers/.gone-*). */
QuiltStore *quilt_store_open (const char *path, GError **error);
/* Absolute. Borrowed. */
const char *quilt_store_get_path (const QuiltStore *store);
/* The directory of the layers, which a helper may be given. Borrowed; valid while a reference to
 * the store is held. */
int quilt_store_get_layers_fd (const QuiltStore *store);
/* The directory that has the files and directories over which every container has mounts. It is the
 * lowest layer of each container. Owned by the caller. */
char *quilt_store_get_mount_points (const QuiltStore *store);
/* The directory that has only the mount point of --provide. It is the lowest layer of a container
 * with that option. Owned by the caller. */
char *quilt_store_get_provided_point (const QuiltStore *store);
/* Each thread that works in the store holds a reference, so that the descriptors stay open. */
QuiltStore *quilt_store_ref (QuiltStore *store);
void quilt_store_unref (QuiltStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltStore, quilt_store_unref)
