/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One transfer: an archive becomes an unfinished layer beside the others, or is found to be one of
 * them. */
#pragma once

#include "store/layers.h"
#include "transfer/control.h"
#include "transfer/unpack.h"

typedef struct {
  char *digest;
  char
      *temporary; /* name of the unfinished layer in the directory layers; NULL: the layer exists */
  QuiltLayerInfo info;
} QuiltTransferResult;

void quilt_transfer_result_clear (QuiltTransferResult *result);

/* The size of the input if it is a regular file, else 0. Refuses what is neither that nor a pipe
 * nor a socket with INVALID_ARGUMENT. */
gboolean quilt_transfer_check_input (int archive_fd, guint64 *ret_size, GError **error);

/* Unpacks archive_fd into layers_fd/TEMPORARY/fs and syncs the file system; on failure nothing is
 * left. A regular file whose layer exists is not unpacked. Errors as quilt_unpack(). */
gboolean quilt_transfer_run (int archive_fd,
                             int layers_fd,
                             const char *temporary,
                             const QuiltUnpackLimits *limits,
                             QuiltControl *control,
                             QuiltTransferResult *ret_result,
                             GError **error);
