/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result of a copy: how many files it has, and how many were left out. */
#pragma once

#include <glib.h>

typedef enum {
  QUILT_TAR_LEFT_DEVICE,  /* device nodes: not made */
  QUILT_TAR_LEFT_SOCKET,  /* a tar archive can't have sockets */
  QUILT_TAR_LEFT_KERNEL,  /* the content of procfs, sysfs and others, whose files can't be copied */
  QUILT_TAR_LEFT_CHANGED, /* files that were shortened, replaced or removed while they were read */
  QUILT_TAR_LEFT_KINDS,
} QuiltTarLeft;

typedef struct {
  guint64 entries;
  guint64 left[QUILT_TAR_LEFT_KINDS];
} QuiltTarReport;

/* "device-nodes" and so on. */
const char *quilt_tar_left_name (QuiltTarLeft kind);
