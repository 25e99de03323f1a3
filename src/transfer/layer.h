/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One transfer: unpacks an archive into an unfinished layer, or finds that its layer exists. */
#pragma once

#include "store/layers.h"
#include "transfer/control.h"
#include "transfer/unpack.h"

typedef struct {
  char *digest;
  /* name of the unfinished layer in the directory `layers`; NULL: the layer exists */
  char *temporary;
  QuiltLayerInfo info;
} QuiltTransferResult;

void quilt_transfer_result_clear (QuiltTransferResult *result);

/* Sets the size of the input if it is a regular file, else 0. Returns INVALID_ARGUMENT if the input
 * is not a regular file, a pipe or a socket. */
gboolean quilt_transfer_check_input (int archive_fd, guint64 *ret_size, GError **error);

/* Unpacks archive_fd into layers_fd/TEMPORARY/fs, and syncs the file system. On failure removes
 * TEMPORARY. If the archive is a regular file and its layer exists, unpacks nothing. Errors: those
 * of quilt_unpack(). */
gboolean quilt_transfer_run (int archive_fd,
                             int layers_fd,
                             const char *temporary,
                             const QuiltUnpackLimits *limits,
                             QuiltControl *control,
                             QuiltTransferResult *ret_result,
                             GError **error);

/* Makes layers/TEMPORARY and its fs, and opens both. The caller closes them. */
gboolean quilt_transfer_make_temporary (
    int layers_fd, const char *name, int *ret_fd, int *ret_fs_fd, GError **error);

/* Whether the layer of digest exists. Then sets *ret_info, which is cleared before. */
gboolean quilt_transfer_find_layer (int layers_fd, const char *digest, QuiltLayerInfo *ret_info);
