/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mount options that all file systems share: those of mount(8), and those of OCI runtimes. */
#pragma once

#include "core/mounts/plan.h"

typedef struct {
  const char *name;
  guint64 set, clear;  /* MOUNT_ATTR_… */
  guint64 propagation; /* MS_… */
  gboolean below;      /* the attributes also apply to the mounts below */
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

/* Returns NULL if the option is not in the table, so that it belongs to the file system. */
const QuiltMountOption *quilt_mount_option_find (const char *name);

/* The names of all options, by index from 0 on. Returns NULL if index is too high. Static
 * strings. */
const char *quilt_mount_option_name (guint index);

/* Applies the option; later options override earlier ones. op->recursive must be set before. */
void quilt_mount_option_apply (const QuiltMountOption *option, QuiltMountOp *op);
