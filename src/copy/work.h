/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The copy itself, between a pipe and the file system of a container that was entered. */
#pragma once

#include "proto/copy-request.h"
#include "tar/report.h"
#include "tar/stream.h"

#include <sys/types.h>

typedef struct {
  const QuiltCopyRequest *request;
  QuiltTarStream *stream;
  int root_fd; /* see quilt_copy_enter() */
  int proc_fd; /* /proc/self/fd */
  uid_t uid;   /* the owner of what is copied into the container */
  gid_t gid;
} QuiltCopyWork;

/* Errors: those of quilt_copy_target_find(), quilt_tar_pack() and quilt_tar_unpack(). NOT_FOUND and
 * INVALID_ARGUMENT if the target can't take what comes: see quiltctl(1), copy. */
gboolean quilt_copy_work (const QuiltCopyWork *work, QuiltTarReport *report, GError **error);
