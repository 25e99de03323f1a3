/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The namespaces that a container has of its own, or shares with the host or another container. */
#pragma once

#include "spec/namespaces.h"
#include "spec/options/options.h"

/* A namespace that can be shared. */
typedef struct {
  const char *key;      /* key of its option; NULL ends the table */
  QuiltNamespaces flag; /* in QuiltSpec */
  const char *file;     /* below /proc/PID/ns */
  gsize offset;         /* offset of the option in QuiltOptions: a mode, or NULL for the default */
} QuiltSharing;

extern const QuiltSharing quilt_sharings[];

gboolean quilt_sharing_is_host (const QuiltSharing *sharing, const QuiltOptions *options);
/* The container that owns the namespace, by name, ID or prefix; NULL if none does. Owned by
 * options. */
const char *quilt_sharing_get_container (const QuiltSharing *sharing, const QuiltOptions *options);
void quilt_sharing_set_host (const QuiltSharing *sharing, QuiltOptions *options);
/* Sets the container by its ID, which stays valid if the container is renamed. */
void
quilt_sharing_set_container (const QuiltSharing *sharing, QuiltOptions *options, const char *id);

/* The namespaces to create for the container, as QuiltNamespaces; always includes mount. */
guint quilt_sharing_own_namespaces (const QuiltOptions *options);

/* The first descriptor of the namespaces that a supervisor's container joins, in the order of
 * quilt_sharings. */
#define QUILT_SHARING_FD 5

/* Checks that options do not contradict each other. Sets INVALID_ARGUMENT, which names the
 * option. */
gboolean quilt_sharing_check_together (const QuiltOptions *options, GError **error);

/* Checks for the table of options, one for each key. */
gboolean quilt_sharing_check_pid (const char *text, GError **error);
gboolean quilt_sharing_check_ipc (const char *text, GError **error);
gboolean quilt_sharing_check_uts (const char *text, GError **error);
gboolean quilt_sharing_check_network (const char *text, GError **error);
gboolean quilt_sharing_check_cgroupns (const char *text, GError **error);
