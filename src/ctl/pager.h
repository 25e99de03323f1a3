/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows long text on a terminal page by page. */
#pragma once

#include "ctl/invocation.h"

/* Pipes stdout through $QUILT_PAGER, $PAGER or less(1), if stdout is a terminal and --no-pager was
 * not given. Starts no pager if the caller's privileges were raised (sudo, setuid), since a pager
 * can run commands. */
void quilt_pager_open (QuiltCtl *ctl);

void quilt_pager_wait (GPid pid);
