/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps of making a mount, shared by the files that make mounts. */
#pragma once

#include "core/mounts/plan.h"

/* All functions are child-safe and return 0 or -errno. */

/* Makes a new instance of a file system, without attaching it. detail may be NULL with size 0. */
int quilt_mount_new (const QuiltMountOp *op, char *detail, gsize size, int *ret_fd);

/* The two halves of quilt_mount_new(), for a descriptor of fsopen(2): the first creates the file
 * system, the second makes a mount of it. */
int quilt_mount_configure (const QuiltMountOp *op, int fs_fd, char *detail, gsize size);
int quilt_mount_finish (const QuiltMountOp *op, int fs_fd, char *detail, gsize size, int *ret_fd);

/* Sets the attributes of an unattached mount, and its propagation: private unless op says
 * otherwise. */
int quilt_mount_set_attributes (int fd, const QuiltMountOp *op);

/* Attaches the mount on target_fd, above other mounts there. */
int quilt_mount_attach (int fd, int target_fd);
