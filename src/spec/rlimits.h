/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of a process, setrlimit(2), as people type them. */
#pragma once

#include <glib.h>

typedef struct {
  int resource;       /* RLIMIT_… */
  guint64 soft, hard; /* G_MAXUINT64: no limit */
} QuiltRlimit;

/* "RLIMIT_…", a static string; NULL for a number that is no limit. */
const char *quilt_rlimit_to_name (int resource);
/* And back; -1: it is not the name of a limit. */
int quilt_rlimit_from_name (const char *name);

/* "NAME=SOFT[:HARD]", NAME as podman's (nofile, nproc, …), the numbers in the units of
 * setrlimit(2),
 * "-1" or "unlimited" for none; without HARD it is SOFT. INVALID_ARGUMENT naming option and text.
 */
gboolean
quilt_rlimit_parse (const char *option, const char *text, QuiltRlimit *ret_limit, GError **error);

/* The grammar of a whole list: each resource once. */
gboolean quilt_rlimits_check (const char *option, char **texts, GError **error);

/* Whether none of them lets a process take from the rest of the host what its container's other
 * limits don't bind: real-time priorities, nice values below 0, locked memory, message queues. */
gboolean quilt_rlimits_are_harmless (char *const *texts);
