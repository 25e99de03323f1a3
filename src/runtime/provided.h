/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the files of the host that a process in a container gets (--provide). */
#pragma once

#include "core/mounts/provided.h"
#include "spec/oci/oci.h"

#define QUILT_PROVIDED_NONE                                                                        \
  {                                                                                                \
    .busybox = -1, .certificates = -1                                                              \
  }

/* Opens what the mask of QuiltProvide asks for, on the host. Error: NOT_SUPPORTED, which names the
 * package to install. */
gboolean quilt_provided_open (guint provide, QuiltProvided *ret_provided, GError **error);
/* The same for a container's first process. */
gboolean
quilt_provided_open_for (const QuiltSpec *spec, QuiltProvided *ret_provided, GError **error);
void quilt_provided_clear (QuiltProvided *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltProvided, quilt_provided_clear)
