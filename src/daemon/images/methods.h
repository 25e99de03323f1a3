/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Image: from methods to what they do. */
#pragma once

/* Gives all images their handlers. Once, before the first image is on the bus: an image itself does
 * not know what callers can ask of it. */
void quilt_image_methods_install (void);
