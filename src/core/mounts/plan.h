/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's mounts as a list of what is to be made. */
#pragma once

#include "spec/oci/oci.h"

#include <glib.h>

typedef enum {
  QUILT_MOUNT_NEW,      /* a new instance of a file system */
  QUILT_MOUNT_BIND,     /* a tree of the host */
  QUILT_MOUNT_MASK,     /* nothing to see: /dev/null over a file, an empty directory over another */
  QUILT_MOUNT_READONLY, /* the tree that is there, read-only */
  QUILT_MOUNT_NODES,    /* device nodes in what is there, where no new tmpfs on /dev has them */
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
  guint64 below_set; /* … of what is mounted below, if recursive or has_below */
  guint64 below_clear;
  gboolean has_below;
  guint64 propagation;   /* MS_…; 0: private */
  gboolean recursive;    /* of a bind: with what is mounted below */
  gboolean devices;      /* fill it, or /dev, with the usual device nodes … */
  const GArray *nodes;   /* … and these, of QuiltDevice, the spec's */
  gboolean late;         /* needs the cgroup namespace, so only after GO */
  gboolean idmap;        /* with the ids of the user namespace … */
  gboolean idmap_below;  /* … and what is mounted below, if recursive */
  const GArray *uid_map; /* instead of the user namespace's; NULL: none; the spec's */
  const GArray *gid_map;
  gboolean copy_up; /* with a copy of what it would hide */
  gboolean copy;    /* of a bind: of a file's bytes, to be changed without changing the file */
  int tree;         /* in the plan's trees: made by the supervisor; -1: by the init itself */
} QuiltMountOp;

/* In a user namespace the init can't open what only root may, make device nodes or map the ids of a
 * mount; in none it can't see the host's mounts change any more, nor map ids. The supervisor does,
 * and hands over a descriptor of each tree; see core/mounts/trees.h. */
typedef struct {
  const char *path;       /* on the host; NULL: op is a new mount */
  const QuiltMountOp *op; /* NULL: the directory has no attributes of its own */
  gboolean idmap;
} QuiltMountTree;

/* The parts of a root overlay whose directories are the plan's first trees: of each layer, then of
 * the one that holds upper and work. */
typedef struct {
  char **layers; /* topmost first; NULL: the root is no such overlay */
  char *dir;     /* NULL: there is no upper directory */
  char *upper;   /* names in dir: overlayfs wants both on the very same mount */
  char *work;
} QuiltMountOverlay;

typedef struct {
  QuiltMountOp *root; /* what becomes the root file system, put on root_path */
  GPtrArray *ops;     /* of QuiltMountOp, in order */
  QuiltMountOverlay overlay;
  GArray *trees; /* of QuiltMountTree */
  int *tree_fds; /* as many, -1 until the init has them */
} QuiltMountPlan;
