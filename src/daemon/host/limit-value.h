/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Converts the kernel's limits to the units of a container's options. Pure. See
 * Documentation/admin-guide/cgroup-v2.rst. */
#pragma once

#include <glib.h>

/* Converts a limit of the kernel. asked is the value in the options. If the kernel has only rounded
 * it, or text is NULL, returns asked. */
typedef enum {
  QUILT_LIMIT_BYTES,  /* "max", or bytes in whole pages */
  QUILT_LIMIT_QUOTA,  /* "max PERIOD" or "QUOTA PERIOD" */
  QUILT_LIMIT_WEIGHT, /* 100 by default */
  QUILT_LIMIT_TASKS,  /* "max", or the limit plus one for the supervisor */
} QuiltLimitKind;
guint64 quilt_limit_value_parse (QuiltLimitKind kind, const char *text, guint64 asked);

/* Parses "max" or a decimal number. */
gboolean quilt_limit_number_parse (const char *text, guint64 *ret_number);
