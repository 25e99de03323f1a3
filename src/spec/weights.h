/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Converts docker's weights of CPU and disk time. Pure. */
#pragma once

#include <glib.h>

/* Convert docker's weights to systemd's, 1 to 10000. shares: 2 to 262144; the default 1024 becomes
 * 100. blkio: 10 to 1000. */
guint64 quilt_weight_from_cpu_shares (guint64 shares);
guint64 quilt_weight_from_blkio (guint64 weight);
