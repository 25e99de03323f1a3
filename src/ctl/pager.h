/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Long text on a terminal, a screen at a time. */
#pragma once

#include "ctl/invocation.h"

/* Lets stdout go through $QUILT_PAGER, $PAGER or less(1) if it is a terminal and --no-pager was not
 * given. Not where the caller's privileges were raised (sudo, setuid): a pager runs commands. */
void quilt_pager_open (QuiltCtl *ctl);

void quilt_pager_wait (GPid pid);
