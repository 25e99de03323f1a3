/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the cgroup of a container is. */
#pragma once

#include <glib.h>

/* The place of a container's cgroup. All members but dir_fd and client are plain values for a state
 * file. After quilt_oci_cgroup_create(), a container may have no cgroup (path NULL): see there. */
typedef struct {
  gboolean systemd;  /* a scope of systemd's; else cgroupfs */
  gboolean rootless; /* the scope is the user's own systemd's */
  char *path;    /* "/quilt-oci/ID", in the tree that /sys/fs/cgroup shows; of a scope: NULL until
                  * it is there */
  char *slice;   /* "system.slice"; NULL for cgroupfs */
  char *unit;    /* "docker-ID.scope"; NULL for cgroupfs */
  guint64 inode; /* of the directory, which no later one of that path has; 0: not known */
  int dir_fd;    /* the directory, -1 while it is not open */
  struct QuiltOciScopeClient *client; /* to systemd; NULL while there is none */
} QuiltOciCgroup;

#define QUILT_OCI_CGROUP_INIT                                                                      \
  {                                                                                                \
    .dir_fd = -1                                                                                   \
  }
