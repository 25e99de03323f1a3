/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's mounts as a list of operations. */
#pragma once

#include "spec/oci/oci.h"

#include <glib.h>

typedef enum {
  QUILT_MOUNT_NEW,  /* a new instance of a file system */
  QUILT_MOUNT_BIND, /* a tree of the host */
  /* hides the target: /dev/null over a file, an empty directory over a directory */
  QUILT_MOUNT_MASK,
  QUILT_MOUNT_READONLY, /* makes the existing tree read-only */
  /* makes device nodes in the existing tree, if /dev is not a new tmpfs that has them */
  QUILT_MOUNT_NODES,
} QuiltMountKind;

/* A parameter of fsconfig(2). A value of NULL means a flag. */
typedef struct {
  char *key;
  char *value;
} QuiltMountSetting;

typedef struct {
  QuiltMountKind kind;
  const char *target; /* path in the container; borrowed from the spec */
  const char *type;
  const char *source;
  GArray *settings;  /* of QuiltMountSetting */
  char *legacy_data; /* options for mount(2), if a value is too long for fsconfig(2); else NULL */
  guint64 attr_set;  /* MOUNT_ATTR_…, per mount: a shared superblock is never changed */
  guint64 attr_clear;
  guint64 below_set; /* MOUNT_ATTR_… for the mounts below, if recursive or has_below */
  guint64 below_clear;
  gboolean has_below;
  guint64 propagation;   /* MS_…; 0: private */
  gboolean recursive;    /* bind mount: includes the mounts below the source */
  gboolean devices;      /* make the usual device nodes in it, or in /dev … */
  const GArray *nodes;   /* … and these, of QuiltDevice, borrowed from the spec */
  gboolean late;         /* needs the cgroup namespace, so it is made after GO */
  gboolean idmap;        /* map its ids as in the user namespace … */
  gboolean idmap_below;  /* … also in the mounts below, if recursive */
  const GArray *uid_map; /* replaces the user namespace's map; NULL: none; borrowed from the spec */
  const GArray *gid_map;
  gboolean copy_up; /* copy the files that the mount would hide into it */
  gboolean copy;    /* bind mount of a file: mount a copy, so that changes do not reach the file */
  /* index in the plan's trees, if the supervisor makes the mount; -1: the init makes it */
  int tree;
} QuiltMountOp;

/* A mount that the supervisor makes and hands to the init as a descriptor; see core/mounts/trees.h.
 * In a user namespace, the init can't open what only root may open, make device nodes, or map the
 * ids of a mount. Without one, the init still can't map ids, and no longer receives changes of the
 * host's mounts. */
typedef struct {
  const char *path;       /* path on the host; NULL: op is a new mount */
  const QuiltMountOp *op; /* NULL: the directory has no attributes of its own */
  gboolean idmap;
} QuiltMountTree;

/* The parts of a root overlay. The plan's first trees are its directories: each layer, then the
 * directory with upper and work. */
typedef struct {
  char **layers; /* topmost first; NULL: the root is not such an overlay */
  char *dir;     /* NULL: there is no upper directory */
  char *upper;   /* a name in dir: overlayfs requires upper and work on the same mount */
  char *work;
} QuiltMountOverlay;

typedef struct {
  QuiltMountOp *root; /* becomes the root file system, mounted on root_path */
  GPtrArray *ops;     /* of QuiltMountOp, in order */
  QuiltMountOverlay overlay;
  GArray *trees; /* of QuiltMountTree */
  int *tree_fds; /* as many as trees; each is -1 until the init has received it */
} QuiltMountPlan;
