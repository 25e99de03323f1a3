/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes an image of what a container's setup steps have left behind. */
#pragma once

#include "daemon/containers/container.h"

typedef struct QuiltSetupCopy QuiltSetupCopy;

/* Called once, unless the copy is cancelled: the image is there, or error says why not. */
typedef void (*QuiltSetupCopyFunc) (const GError *error, gpointer data);

/* Begins to make the image, which key finds. The container must be held. NULL on error. */
QuiltSetupCopy *quilt_setup_copy_new (const QuiltContainer *container,
                                      const char *key,
                                      QuiltSetupCopyFunc func,
                                      gpointer data,
                                      GError **error);
/* Makes no image any more. */
void quilt_setup_copy_cancel (QuiltSetupCopy *copy);
