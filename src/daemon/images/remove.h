/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes images, or names of images. */
#pragma once

#include "daemon/images/images.h"

/* Removes the images that keep what setup steps have left behind, and that nothing needs: their
 * base is gone or a newer result has their key, and no container uses them. */
void quilt_image_collect_setups (QuiltImages *images);

/* Each takes over a handler's reference to call and answers it. */
void
quilt_image_remove_one (QuiltImages *images, QuiltCall *call, const char *name, GVariant *options);
void quilt_image_remove_many (QuiltImages *images,
                              QuiltCall *call,
                              const char *const *names,
                              GVariant *options);
