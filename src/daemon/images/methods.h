/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Image: the handlers of its methods. */
#pragma once

/* Installs the handlers for all images. Called once, before the first image is on the bus. So the
 * object itself does not depend on its methods. */
void quilt_image_methods_install (void);
