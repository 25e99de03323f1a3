/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ImportImage: makes an image from an archive, by quilt-transfer. */
#pragma once

#include "daemon/images/images.h"

/* Takes over a handler's reference to call and answers it. source is an index in the call's
 * descriptors. */
void quilt_import_image (
    QuiltImages *images, QuiltCall *call, gint32 source, const char *name, GVariant *options);
