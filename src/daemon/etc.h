/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the files of /etc that are a container's own. */
#pragma once

#include "daemon/container.h"

/* Writes containers/ID/etc/…, which spec mounts over the image's files, anew for a start. */
gboolean quilt_etc_write (const QuiltContainer *container, const QuiltSpec *spec, GError **error);
