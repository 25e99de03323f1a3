/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Invents names for containers. */
#pragma once

#include "daemon/bus/index.h"

/* Makes a name of two words, such as "calm_otter", and reserves it in index. Owned by the
 * caller. */
char *quilt_names_reserve (QuiltIndex *index);
