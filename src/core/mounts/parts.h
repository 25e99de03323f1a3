/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps that a mount is made of, for the files that make mounts. */
#pragma once

#include "core/mounts/plan.h"

/* All are child-safe and return 0 or -errno. */

/* A new instance of a file system, attached nowhere; detail may be NULL with size 0. */
int quilt_mount_new (const QuiltMountOp *op, char *detail, gsize size, int *ret_fd);

/* Its two halves, of what fsopen(2) has opened: the file system is made, then a mount of it. */
int quilt_mount_configure (const QuiltMountOp *op, int fs_fd, char *detail, gsize size);
int quilt_mount_finish (const QuiltMountOp *op, int fs_fd, char *detail, gsize size, int *ret_fd);

/* Of a mount that is attached nowhere; it is no longer anybody's peer. */
int quilt_mount_set_attributes (int fd, const QuiltMountOp *op);

/* Puts it on target_fd, and on top of whatever is mounted there. */
int quilt_mount_attach (int fd, int target_fd);
