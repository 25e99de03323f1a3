/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Settings of the kernel that a container may have for itself: those of its own namespaces. */
#pragma once

#include <glib.h>

/* The longest key or path, with its NUL. */
#define QUILT_SYSCTL_MAX 256
/* How many of them a container may have. */
#define QUILT_SYSCTLS_MAX 64

/* Where below /proc/sys a key is: "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are the same, and
 * in the first form '/' stands for a '.' in a name, as in sysctl.d(5). FALSE: it is no key.
 * Allocates nothing. */
gboolean quilt_sysctl_to_path (const char *key, char path[QUILT_SYSCTL_MAX]);

/* NULL: a container that has these namespaces (QuiltNamespaces) to itself may set it. Else why not,
 * a static string. */
const char *quilt_sysctl_refusal (const char *key, const char *value, guint namespaces);

/* The grammar of a list of "KEY=VALUE" on its own: for a container that has every namespace. */
gboolean quilt_sysctls_check (const char *option, char **texts, GError **error);
/* The same for one that has these. */
gboolean quilt_sysctls_check_namespaces (const char *option,
                                         char *const *texts,
                                         guint namespaces,
                                         GError **error);
