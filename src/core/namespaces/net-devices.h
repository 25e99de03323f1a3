/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moving network devices of the host into the container: linux.netDevices. */
#pragma once

#include "core/namespaces/rtnetlink.h"
#include "spec/oci/oci.h"

/* Makes the request that sets an address again, from the kernel's message about it (RTM_NEWADDR).
 * Returns FALSE, with *ret_request untouched, if the address belongs to another device than index,
 * is not permanent, has not the global scope, or the message is damaged. The ifaddrmsg in the
 * request still has the old index. */
gboolean
quilt_net_address_plan (const struct nlmsghdr *message, guint32 index, QuiltRtRequest *ret_request);

/* Moves the devices in spec from our network namespace to that of the waiting process pid, renames
 * them, restores their permanent global addresses, and brings them up. If one fails, moves all of
 * them back. Errors: NOT_FOUND, EXISTS, INVALID_ARGUMENT, FAILED. */
gboolean quilt_net_devices_move (const QuiltSpec *spec, pid_t pid, GError **error);
