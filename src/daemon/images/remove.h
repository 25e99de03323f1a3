/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes images, or names of images. */
#pragma once

#include "daemon/images/images.h"

/* Each takes over a handler's reference to call and answers it. */
void
quilt_image_remove_one (QuiltImages *images, QuiltCall *call, const char *name, GVariant *options);
void quilt_image_remove_many (QuiltImages *images,
                              QuiltCall *call,
                              const char *const *names,
                              GVariant *options);
