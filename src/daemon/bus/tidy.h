/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Returns the memory of ended calls to the kernel. */
#pragma once

/* Looks at quiltd's memory some seconds later. For the end of each call. */
void quilt_tidy_later (void);
