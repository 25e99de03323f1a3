/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mounts an image for reading, and confines this process to that. */
#pragma once

#include <glib.h>

/* Mounts the layers, descriptors of directories, the uppermost first, as the root of a container of
 * that image would be: read-only, and nowhere that other processes could see. Returns a descriptor
 * of the root, or -1 on error. */
int quilt_verify_mount (const int *layers, guint n_layers, GError **error);

/* Irreversible. Leaves this process no power but to read files, and limits its memory and time. */
gboolean quilt_verify_confine (GError **error);
