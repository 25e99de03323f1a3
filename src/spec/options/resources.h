/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammars of resource limits: sets of CPUs, rates of devices, ranges of addresses. Pure. */
#pragma once

#include "spec/options/entries.h"

/* Parses "0-3,8" into one bit per CPU, the lowest first, as systemd's AllowedCPUs needs it; ""
 * gives no bytes. Sets INVALID_ARGUMENT for other texts. */
GByteArray *quilt_cpu_list_parse (const char *text, GError **error);

/* (st): device, and bytes or operations per second. */
extern const QuiltShape quilt_byte_rate_shape;
extern const QuiltShape quilt_operation_rate_shape;

/* A range of addresses: its first address in network byte order, and the length of its prefix in
 * bits. */
typedef struct {
  int family; /* AF_INET or AF_INET6 */
  guint8 address[16];
  guint8 prefix;
} QuiltAddressRange;

/* Parses "10.0.0.0/8", "::1", "any", "localhost", "link-local" or "multicast" into one or two
 * ranges, and clears the bits after the prefix. Returns the number of ranges, or 0 with
 * INVALID_ARGUMENT for other texts. */
guint quilt_address_range_parse (const char *text, QuiltAddressRange ret_ranges[2], GError **error);

/* Checks of options, see QuiltOption. */
gboolean quilt_cpu_list_check (const char *text, GError **error);
gboolean quilt_node_list_check (const char *text, GError **error);
gboolean quilt_rates_check (const char *key, GVariant *rates, GError **error);
gboolean quilt_address_ranges_check (const char *key, char **ranges, GError **error);
