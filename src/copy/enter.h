/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enters a container's file system, and gives up all other power. */
#pragma once

#include "spec/oci/oci.h"

#include <sys/types.h>

/* A process whose mounts, root and user namespace are the container's. */
typedef struct {
  pid_t pid;
  int pid_fd;
  /* of a process that quilt-copy has made itself: the options that a start sets last */
  const QuiltSpec *spec; /* NULL: the container runs */
} QuiltCopyPlace;

/* For a container that runs: opens the first process, checks that it is the container's, and moves
 * us to the cgroup of its supervisor, so that the container's limits are ours. Returns the pidfd,
 * or -1 with INVALID_STATE if the container has stopped. */
int quilt_copy_join (const char *scope, const char *id, pid_t first, GError **error);

/* Enters the mount namespace, the root and the user namespace of the place. From then on the paths
 * of this process are those of the container, and it is the container's root. If alone, *ret_root
 * is the root file system without the mounts on it; otherwise it is "/". The caller must have one
 * thread. */
gboolean
quilt_copy_enter (const QuiltCopyPlace *place, gboolean alone, int *ret_root, GError **error);

/* Gives up everything that the copy itself does not need: capabilities, most system calls, memory,
 * descriptors. */
gboolean quilt_copy_confine (GError **error);
