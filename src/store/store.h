/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The state directory: its owner, its lock and its subdirectories. Only quiltd writes to it. */
#pragma once

#include <glib.h>

typedef struct {
  gatomicrefcount references;
  char *path; /* absolute, for the paths that mounts need */
  int fd;
  int lock_fd;
  int images_fd;
  int layers_fd;
  int containers_fd;
} QuiltStore;

/* Opens path, making it and its directories (0700, owned by us) as needed, and takes the lock: BUSY
 * if another quiltd has it. What a crash left unfinished (layers/.tmp-*, containers/.new-*,
 * containers/.gone-*) is removed. */
QuiltStore *quilt_store_open (const char *path, GError **error);
/* The directory with the places in an image's tree that every container mounts something at: the
 * lowest layer of each. Owned by the caller. */
char *quilt_store_get_mount_points (const QuiltStore *store);
/* Each thread that works in the store holds a reference: its descriptors stay open until then. */
QuiltStore *quilt_store_ref (QuiltStore *store);
void quilt_store_unref (QuiltStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltStore, quilt_store_unref)
