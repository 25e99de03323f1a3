/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks the tree that overlayfs writes to, and compares it with the layers below. The container may
 * change the tree meanwhile, and chooses its names, its depth and its links. So the walk uses
 * descriptors, follows no link, and needs no stack of its own for each level. */
#pragma once

#include "look/lowers.h"

typedef struct {
  int upper_fd;         /* the tree that overlayfs writes to */
  const GArray *lowers; /* the layers below it, the uppermost first */
  const QuiltOverlayAttributes *attributes;
  /* The container's mounts, absolute paths, NULL-terminated. If the image lacks one of them, Quilt
   * has made an empty file or directory there, which does not count as a change. */
  char **mounts;
  gboolean is_strict; /* the first failure ends the walk, and what can't be compared is a failure */
} QuiltChangesOf;

/* A change of an entry. Borrowed for the time of the call. */
typedef struct {
  char kind;        /* 'A', 'C' or 'D': it was added, changed or deleted */
  const char *path; /* absolute, as a process in the container names it; path_length bytes */
  gsize path_length;
  int parent_fd; /* its directory in upper */
  const char *name;
  const struct stat *st; /* NULL: it was deleted */
  int fd;                /* of a directory that is open for reading; otherwise -1 */
} QuiltChange;

typedef struct {
  /* Called for each change, sorted by the names, a directory before its entries. Returns FALSE to
   * end the walk. */
  gboolean (*change) (const QuiltChange *change, gpointer data);
  /* Called after the last entry of a directory that was a change with a descriptor. NULL: not
   * called. */
  gboolean (*leave) (gpointer data);
} QuiltChangesVisitor;

/* Returns FALSE if the visitor ended the walk. *ret_failure: why the walk is incomplete, or NULL;
 * owned by the caller. */
gboolean quilt_changes_walk (const QuiltChangesOf *of,
                             const QuiltChangesVisitor *visitor,
                             gpointer data,
                             char **ret_failure);
