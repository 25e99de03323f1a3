/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inspect of a container: its record, its state, and the settings in force while it runs. */
#pragma once

#include "daemon/containers/container.h"

/* Takes over a handler's reference to call and answers it. */
void quilt_container_inspect (QuiltContainer *self, QuiltCall *call, GVariant *options);
