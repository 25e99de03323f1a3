/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts the polkit agent that asks for a password on the terminal. */
#pragma once

#include "ctl/invocation.h"

/* Starts pkttyagent(1) for this process, if there is a terminal and the user is not root, who needs
 * no password. Returns when the agent is ready. Without an agent, polkit asks for no password. */
void quilt_agent_start (QuiltCtl *ctl);

void quilt_agent_end (GPid pid);
