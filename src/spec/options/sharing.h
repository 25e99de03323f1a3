/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which namespaces a container has to itself, and which are the host's or another container's. */
#pragma once

#include "spec/namespaces.h"
#include "spec/options/options.h"

/* A namespace that can be shared. */
typedef struct {
  const char *key;      /* of its option; NULL ends the table */
  QuiltNamespaces flag; /* in QuiltSpec */
  const char *file;     /* below /proc/PID/ns */
  gsize offset;         /* of the option in QuiltOptions: a mode, NULL is the default */
} QuiltSharing;

extern const QuiltSharing quilt_sharings[];

gboolean quilt_sharing_is_host (const QuiltSharing *sharing, const QuiltOptions *options);
/* The container whose namespace it is, by name, ID or prefix; NULL: none's. Owned by options. */
const char *quilt_sharing_get_container (const QuiltSharing *sharing, const QuiltOptions *options);
void quilt_sharing_set_host (const QuiltSharing *sharing, QuiltOptions *options);
/* Binds it to the container with this ID, whatever its name becomes. */
void
quilt_sharing_set_container (const QuiltSharing *sharing, QuiltOptions *options, const char *id);

/* What the options leave to the container alone, as QuiltNamespaces to create; mount is always one
 * of them. */
guint quilt_sharing_own_namespaces (const QuiltOptions *options);

/* Descriptors by which a supervisor gets what a container joins: from this one on, in the order of
 * quilt_sharings. */
#define QUILT_SHARING_FD 5

/* Combinations that contradict each other: INVALID_ARGUMENT naming the option. */
gboolean quilt_sharing_check_together (const QuiltOptions *options, GError **error);

/* Checks of the table of options, one for each key. */
gboolean quilt_sharing_check_pid (const char *text, GError **error);
gboolean quilt_sharing_check_ipc (const char *text, GError **error);
gboolean quilt_sharing_check_uts (const char *text, GError **error);
gboolean quilt_sharing_check_network (const char *text, GError **error);
gboolean quilt_sharing_check_cgroupns (const char *text, GError **error);
