/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names for containers whose maker gave none. */
#pragma once

#include "daemon/bus/index.h"

/* Two words such as "calm_otter", reserved in index. Owned by the caller. */
char *quilt_names_reserve (QuiltIndex *index);
