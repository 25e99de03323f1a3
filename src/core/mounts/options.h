/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of a mount that are the same for all file systems: mount(8), and those of OCI runtimes.
 */
#pragma once

#include "core/mounts/plan.h"

typedef struct {
  const char *name;
  guint64 set, clear;  /* MOUNT_ATTR_… */
  guint64 propagation; /* MS_… */
  gboolean below;      /* the attributes are also those of what is mounted below */
  enum {
    QUILT_OPTION_PLAIN,
    QUILT_OPTION_BIND,
    QUILT_OPTION_RBIND,
    QUILT_OPTION_IDMAP,
    QUILT_OPTION_RIDMAP,
    QUILT_OPTION_COPY_UP,
    QUILT_OPTION_COPY,
  } kind;
} QuiltMountOption;

/* NULL: it is not one of these, but an option of the file system. */
const QuiltMountOption *quilt_mount_option_find (const char *name);

/* The names of all of them, from 0 on; NULL after the last. Static strings. */
const char *quilt_mount_option_name (guint index);

/* Later ones win. op->recursive has been decided. */
void quilt_mount_option_apply (const QuiltMountOption *option, QuiltMountOp *op);
