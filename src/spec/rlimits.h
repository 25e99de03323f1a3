/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of a process, setrlimit(2), as users type them. */
#pragma once

#include <glib.h>

typedef struct {
  int resource;       /* RLIMIT_… */
  guint64 soft, hard; /* G_MAXUINT64: no limit */
} QuiltRlimit;

/* The name "RLIMIT_…", a static string; NULL for an unknown number. */
const char *quilt_rlimit_to_name (int resource);
/* The number for such a name; -1 for an unknown name. */
int quilt_rlimit_from_name (const char *name);

/* Parses "NAME=SOFT[:HARD]". NAME is podman's (nofile, nproc, …), the numbers have the units of
 * setrlimit(2), and "-1" or "unlimited" means no limit. The default of HARD is SOFT. Sets
 * INVALID_ARGUMENT, which names option and text. */
gboolean
quilt_rlimit_parse (const char *option, const char *text, QuiltRlimit *ret_limit, GError **error);

/* Checks a whole list: no resource may appear twice. */
gboolean quilt_rlimits_check (const char *option, char **texts, GError **error);

/* Whether no limit in the list lets a process use resources of the host that the container's other
 * limits do not cover: real-time priorities, nice values below 0, locked memory, message queues. */
gboolean quilt_rlimits_are_harmless (char *const *texts);
