/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes a container's record: rename, update. */
#pragma once

#include "daemon/containers/container.h"

/* Each takes over a handler's reference to call and answers it. */
void
quilt_container_rename (QuiltContainer *self, QuiltCall *call, const char *name, GVariant *options);
void quilt_container_update (QuiltContainer *self, QuiltCall *call, GVariant *options);
