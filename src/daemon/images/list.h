/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists all images in one answer, from the table. */
#pragma once

#include "daemon/images/images.h"

/* Takes over a handler's reference to call and answers it. */
void quilt_list_images (QuiltImages *images, QuiltCall *call, GVariant *options);
