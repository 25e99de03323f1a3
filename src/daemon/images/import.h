/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ImportImage: makes an image from an archive, by quilt-transfer. */
#pragma once

#include "daemon/images/images.h"

/* Takes over a handler's reference to invocation and answers it. source is an index in fds, which
 * may be NULL. */
void quilt_import_image (QuiltImages *images,
                         GDBusMethodInvocation *invocation,
                         GUnixFDList *fds,
                         gint32 source,
                         const char *name,
                         GVariant *options);
