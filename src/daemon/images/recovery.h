/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The images after a restart of quiltd. */
#pragma once

#include "daemon/images/images.h"

/* Adds all images of the store to the empty table. Logs each image whose record is unreadable,
 * leaves it alone and sets *ret_broken. If a record can't be read now (BUSY), returns an error. */
gboolean quilt_images_recover (QuiltImages *images, gboolean *ret_broken, GError **error);

/* Removes the layers that no image in the table has, before the first import. Don't call it if an
 * image was broken, or if a container's image is not in the table: their layers are unknown. */
void quilt_image_sweep_layers (QuiltImages *images);
