/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's limits in the units of a container's options. Pure. See
 * Documentation/admin-guide/cgroup-v2.rst. */
#pragma once

#include <glib.h>

/* What a limit of the kernel comes to, in the units of options. asked is what options say, which is
 * returned if the kernel has just rounded it; so it is if text is NULL. */
typedef enum {
  QUILT_LIMIT_BYTES,  /* "max", or bytes in whole pages */
  QUILT_LIMIT_QUOTA,  /* "max PERIOD" or "QUOTA PERIOD" */
  QUILT_LIMIT_WEIGHT, /* 100 by default */
  QUILT_LIMIT_TASKS,  /* "max", or one more, for the supervisor */
} QuiltLimitKind;
guint64 quilt_limit_value_parse (QuiltLimitKind kind, const char *text, guint64 asked);

/* "max", or a decimal number. */
gboolean quilt_limit_number_parse (const char *text, guint64 *ret_number);
