/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Network devices of ours that the container gets: linux.netDevices. */
#pragma once

#include "core/namespaces/rtnetlink.h"
#include "spec/oci/oci.h"

/* The request that sets an address again which the kernel told of (RTM_NEWADDR). FALSE, and
 * *ret_request untouched, where it is not the device's of that index, is not permanent, has not the
 * global scope, or is damaged. The index in the request, an ifaddrmsg, is still that. */
gboolean
quilt_net_address_plan (const struct nlmsghdr *message, guint32 index, QuiltRtRequest *ret_request);

/* Moves what spec names from our network namespace into that of pid, which waits: renamed, with
 * its permanent global addresses, and up. All of them, or none is gone. NOT_FOUND, EXISTS,
 * INVALID_ARGUMENT, FAILED. */
gboolean quilt_net_devices_move (const QuiltSpec *spec, pid_t pid, GError **error);
