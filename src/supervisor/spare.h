/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A spare supervisor: one that has no container yet. */
#pragma once

#include "proto/message.h"

/* Waits for the first message that is neither FORK nor PREPARE, with at most room descriptors,
 * which get the lowest numbers above control. *ret_prepared: whether there was a PREPARE, so that
 * this process is in the supervisor's cgroup of a scope. Returns as quilt_message_receive_body()
 * does.
 *
 * quiltd executes one supervisor, the template, and has it fork all others (FORK). A fork costs a
 * sixth of the time of an execution. The children are quiltd's: it reaps them. This function
 * returns in each child, which waits at control for quiltd like its template. All supervisors of
 * one quiltd therefore have the same layout of addresses. */
int quilt_spare_wait (int control,
                      QuiltMessage *ret_message,
                      int *ret_fds,
                      guint room,
                      guint *ret_n,
                      gboolean *ret_prepared,
                      GBytes **ret_body);
