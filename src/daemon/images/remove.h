/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes images, or names of images. */
#pragma once

#include "daemon/images/images.h"

/* Removes the layers that no image uses. All images must be in the index, and none is being
 * imported. */
void quilt_image_sweep_layers (QuiltImages *images);

/* Each takes over a handler's reference to call and answers it. */
void
quilt_image_remove_one (QuiltImages *images, QuiltCall *call, const char *name, GVariant *options);
void quilt_image_remove_many (QuiltImages *images,
                              QuiltCall *call,
                              const char *const *names,
                              GVariant *options);
