/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The defaults for containers: the keys Default…= and StrictLimits= of quiltd.conf. */
#pragma once

#include <glib.h>

typedef struct {
  guint64 max;     /* QUILT_INFINITY: no limit */
  gboolean is_set; /* set in a file; otherwise max is the built-in limit */
} QuiltDefaultPids;

typedef struct {
  guint64 stop_timeout_usec; /* QUILT_INFINITY: none */
  guint64 memory_max;        /* bytes; QUILT_INFINITY: no limit */
  guint64 cpu_quota_usec;    /* per second; QUILT_INFINITY: no limit */
  QuiltDefaultPids pids;
  gboolean strict_limits; /* a limit that can't be enforced is an error */
} QuiltDefaults;

/* Adds the defaults for missing keys to options, an a{sv} of CreateContainer; floating. */
GVariant *quilt_defaults_complete (const QuiltDefaults *defaults, GVariant *options);
