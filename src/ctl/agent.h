/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The polkit agent that asks for a password on the terminal. */
#pragma once

#include "ctl/invocation.h"

/* Starts pkttyagent(1) for this process if there is a terminal to ask on and somebody to ask for:
 * root passes without. Returns when it is ready; without one, polkit asks nobody. */
void quilt_agent_start (QuiltCtl *ctl);

void quilt_agent_end (GPid pid);
