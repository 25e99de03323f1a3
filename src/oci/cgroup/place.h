/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The place of a container's cgroup. */
#pragma once

#include <glib.h>

/* All members except dir_fd and client are plain values that a state file holds. If
 * quilt_oci_cgroup_create() could not make a cgroup, path stays NULL. */
typedef struct {
  gboolean systemd;  /* a scope of systemd; FALSE: cgroupfs */
  gboolean rootless; /* the scope belongs to the systemd of the user */
  /* "/quilt-oci/ID", in the tree that /sys/fs/cgroup shows. NULL for a scope that does not exist
   * yet */
  char *path;
  char *slice;   /* "system.slice"; NULL for cgroupfs */
  char *unit;    /* "docker-ID.scope"; NULL for cgroupfs */
  guint64 inode; /* of the directory. A later directory at path has another one. 0: unknown */
  int dir_fd;    /* the directory; -1: not open */
  struct QuiltOciScopeClient *client; /* connection to systemd; NULL: there is none */
} QuiltOciCgroup;

#define QUILT_OCI_CGROUP_INIT                                                                      \
  {                                                                                                \
    .dir_fd = -1                                                                                   \
  }

/* The parent of the cgroups of containers without linux.cgroupsPath. It is removed with the last
 * of them. */
#define QUILT_OCI_CGROUP_HOME "/quilt-oci"
