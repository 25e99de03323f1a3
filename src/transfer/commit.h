/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a layer of the changes of a container.
 *
 * In the layer, a deleted entry is a whiteout (a device 0:0), also where the container has an
 * opaque directory. So the layer has no attributes of overlayfs, and is right below a container
 * with or without its own ids. Its digest is the SHA-256 of a tar archive of the layer, sorted by
 * name, with whiteouts as devices 0:0, and with large holes as in GNU's sparse format 1.0. A salted
 * digest begins with a random text, which is in the layer's information. */
#pragma once

#include "look/walk.h"
#include "transfer/layer.h"

/* Each file, directory or link counts these bytes besides its data, for the limit max_stored. */
#define QUILT_COMMIT_ENTRY_BYTES 4096

typedef struct {
  QuiltChangesOf changes; /* strict */
  int proc_fd;            /* the directory /proc/self/fd */
  const QuiltUnpackLimits *limits;
  QuiltControl *control; /* counts the bytes of files; with limits->max_stored, those stored */
  /* Called once when all files are read, or that has failed. Returns FALSE with an error if they do
   * not belong together. NULL: not called. */
  gboolean (*on_read) (gpointer data, GError **error);
  gpointer data;
  gboolean salted; /* the digest must tell nothing about the content */
} QuiltCommit;

/* Makes layers_fd/TEMPORARY/fs and syncs the file system. On failure removes TEMPORARY. The result
 * has no digest if nothing has changed, and no temporary if the layer exists or nothing has
 * changed.
 *
 * Keeps owners, modes, times, hard links, holes, file capabilities, attributes in user.* and access
 * control lists. Leaves out device nodes and sockets, as an import does. Follows no link and opens
 * only regular files and directories. If the container runs meanwhile, a file that shrinks is
 * filled up with zeros. Errors: those of quilt_unpack(), NOT_SUPPORTED. */
gboolean quilt_commit_run (const QuiltCommit *commit,
                           int layers_fd,
                           const char *temporary,
                           QuiltTransferResult *ret_result,
                           GError **error);
