/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ReadLog of a container: its journal for callers without access to the journal. */
#pragma once

#include "daemon/containers/container.h"

/* Takes over a handler's reference to call and answers it. */
void quilt_container_read_log (QuiltContainer *self, QuiltCall *call, GVariant *options);
