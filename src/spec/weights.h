/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shares of CPU and disk time, from the numbers that fingers type. Pure. */
#pragma once

#include <glib.h>

/* docker's weights to systemd's, 1 to 10000. shares: 2 to 262144, where 1024 is what nobody asked
 * for (100); blkio: 10 to 1000. */
guint64 quilt_weight_from_cpu_shares (guint64 shares);
guint64 quilt_weight_from_blkio (guint64 weight);
