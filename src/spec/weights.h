/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Weights of CPU and disk time, as users type them, and docker's. Pure. */
#pragma once

#include <glib.h>

/* Convert docker's weights to systemd's, 1 to 10000. shares: 2 to 262144; the default 1024 becomes
 * 100. blkio: 10 to 1000. */
guint64 quilt_weight_from_cpu_shares (guint64 shares);
guint64 quilt_weight_from_blkio (guint64 weight);

/* 1 to 10000, or "infinity" for the host's default. podman's --cpu-shares (2 to 262144) and
 * --blkio-weight (10 to 1000) are converted to such a weight; 0 means the default. */
gboolean quilt_parse_weight (const char *text, guint64 *ret_weight, GError **error);
gboolean quilt_parse_cpu_shares (const char *text, guint64 *ret_weight, GError **error);
gboolean quilt_parse_blkio_weight (const char *text, guint64 *ret_weight, GError **error);
