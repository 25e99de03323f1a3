/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small grammars of resource limits: sets of CPUs, rates of devices, ranges of addresses. Pure.
 */
#pragma once

#include "spec/options/entries.h"

/* "0-3,8" → a bit per CPU, the lowest first, as systemd's AllowedCPUs takes them; "" → no bytes.
 * INVALID_ARGUMENT for what is no such list. */
GByteArray *quilt_cpu_list_parse (const char *text, GError **error);

/* (st): device, and bytes or operations in a second. */
extern const QuiltShape quilt_byte_rate_shape;
extern const QuiltShape quilt_operation_rate_shape;

/* One range of addresses: its first one in network byte order, and how many of its bits count. */
typedef struct {
  int family; /* AF_INET or AF_INET6 */
  guint8 address[16];
  guint8 prefix;
} QuiltAddressRange;

/* "10.0.0.0/8", "::1", "any", "localhost", "link-local", "multicast" → one range or two; bits
 * behind the prefix are cleared. Returns how many; 0 and INVALID_ARGUMENT for what is none. */
guint quilt_address_range_parse (const char *text, QuiltAddressRange ret_ranges[2], GError **error);

/* Checks of options, see QuiltOption. */
gboolean quilt_cpu_list_check (const char *text, GError **error);
gboolean quilt_node_list_check (const char *text, GError **error);
gboolean quilt_rates_check (const char *key, GVariant *rates, GError **error);
gboolean quilt_address_ranges_check (const char *key, char **ranges, GError **error);
