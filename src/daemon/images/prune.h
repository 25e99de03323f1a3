/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes all results of setup steps that no container uses, on request. */
#pragma once

#include "daemon/images/images.h"

/* Takes over a handler's reference to call and answers it. */
void quilt_prune_setups (QuiltImages *images, QuiltCall *call, GVariant *options);
