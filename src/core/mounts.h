/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The container's mounts: planned as a list, then made on descriptors. */
#pragma once

#include "spec/oci.h"

#include <glib.h>

typedef enum {
  QUILT_MOUNT_NEW,      /* a new instance of a file system */
  QUILT_MOUNT_BIND,     /* a tree of the host */
  QUILT_MOUNT_MASK,     /* nothing to see: /dev/null over a file, an empty directory over another */
  QUILT_MOUNT_READONLY, /* the tree that is there, read-only */
} QuiltMountKind;

/* A parameter of fsconfig(2); value NULL: a flag. */
typedef struct {
  char *key;
  char *value;
} QuiltMountSetting;

typedef struct {
  QuiltMountKind kind;
  const char *target; /* in the container; lives as long as the spec */
  const char *type;
  const char *source;
  GArray *settings;  /* of QuiltMountSetting */
  char *legacy_data; /* for mount(2), where a value is too long for fsconfig(2); else NULL */
  guint64 attr_set;  /* MOUNT_ATTR_…, per mount: a shared superblock is never changed */
  guint64 attr_clear;
  guint64 propagation; /* MS_…; 0: private */
  gboolean recursive;  /* of a bind: with what is mounted below, and attributes hold there too */
  gboolean devices;    /* fill it with the usual device nodes */
  gboolean late;       /* needs the cgroup namespace, so only after GO */
} QuiltMountOp;

typedef struct {
  QuiltMountOp *root; /* what becomes the root file system, put on root_path */
  GPtrArray *ops;     /* of QuiltMountOp, in order */
} QuiltMountPlan;

/* Pure. The plan borrows from spec. INVALID_ARGUMENT, NOT_SUPPORTED naming the mount's option. */
QuiltMountPlan *quilt_mounts_plan (const QuiltSpec *spec, GError **error);
void quilt_mount_plan_free (QuiltMountPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltMountPlan, quilt_mount_plan_free)

/* The rest is child-safe: it allocates nothing and returns 0 or -errno. detail (of size bytes) gets
 * what the file system itself said, if anything. */

/* Mounts the root on root_path and returns a descriptor of it. */
int quilt_mounts_apply_root (
    const QuiltMountPlan *plan, const char *root_path, char *detail, gsize size, int *ret_root_fd);

/* Makes the operations that are late (or not); every target is resolved inside root_fd, and below
 * /proc, /sys and /dev without following any link. On failure *ret_failed is the one that failed.
 */
int quilt_mounts_apply (const QuiltMountPlan *plan,
                        int root_fd,
                        gboolean late,
                        char *detail,
                        gsize size,
                        const QuiltMountOp **ret_failed);
