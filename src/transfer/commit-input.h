/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptors that quiltd passes for a layer of a container's changes. */
#pragma once

#include "look/walk.h"
#include "transfer/pause.h"

/* The descriptors. */
enum {
  QUILT_COMMIT_UPPER = 4,  /* the directory that overlayfs writes to, locked by flock(2) */
  QUILT_COMMIT_LAYERS = 5, /* the directory `layers` of the store */
  QUILT_COMMIT_MOUNTS = 6, /* the places of the container's mounts, see look/walk.h */
  QUILT_COMMIT_SCOPE = 7,  /* the cgroup of the container's scope, if it is to be paused */
  QUILT_COMMIT_LOWERS = 8, /* the layers below, the uppermost first, and no more */
};

typedef struct {
  QuiltChangesOf changes;
  GArray *lowers; /* of int; the descriptors are not owned */
  GArray *reads;  /* of int: the directories that are read */
  char **mounts;
  int proc_fd;
  QuiltPause pause;
} QuiltCommitInput;

#define QUILT_COMMIT_INPUT_NONE                                                                    \
  {                                                                                                \
    .proc_fd = -1, .pause = QUILT_PAUSE_NONE                                                       \
  }

/* Opens what the sandbox will not allow, and pauses the container for at most pause_usec, if that
 * is not 0. attributes is "user" or "trusted". Call it before there are threads. */
gboolean quilt_commit_input_prepare (QuiltCommitInput *input,
                                     const char *attributes,
                                     guint n_lowers,
                                     guint64 pause_usec,
                                     GError **error);
void quilt_commit_input_clear (QuiltCommitInput *input);
