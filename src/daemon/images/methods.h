/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Image: the handlers of its methods. */
#pragma once

#include "dbus/server/export.h"

/* Given to quilt_images_new(), so that the object itself does not depend on its methods. */
extern const QuiltMethodHandler quilt_image_methods[];
