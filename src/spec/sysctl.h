/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernel settings that a container may have: those of its own namespaces. */
#pragma once

#include <glib.h>

/* The size of the longest key or path, including its NUL. */
#define QUILT_SYSCTL_MAX 256
/* The limit for settings of a container. */
#define QUILT_SYSCTLS_MAX 64

/* Converts a key to its path below /proc/sys. "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are
 * equal. In the first form '/' stands for a '.' in a name, as in sysctl.d(5). Returns FALSE if it
 * is not a key. Allocates nothing. */
gboolean quilt_sysctl_to_path (const char *key, char path[QUILT_SYSCTL_MAX]);

/* The reason why a container that owns these namespaces (QuiltNamespaces) may not set the key, a
 * static string. NULL if it may. */
const char *quilt_sysctl_refusal (const char *key, const char *value, guint namespaces);

/* Checks a list of "KEY=VALUE" for a container that owns every namespace. */
gboolean quilt_sysctls_check (const char *option, char **texts, GError **error);
/* Checks a list for a container that owns only these namespaces. */
gboolean quilt_sysctls_check_namespaces (const char *option,
                                         char *const *texts,
                                         guint namespaces,
                                         GError **error);
