/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sandbox of the process that parses untrusted bytes. The process can only use one directory,
 * and set owners of files in it. */
#pragma once

#include <glib.h>

#define QUILT_SANDBOX_FILES_MAX 1024

typedef struct {
  int dir_fd;          /* the directory in which it works */
  const GArray *reads; /* of int: directories in which it may read; NULL: none */
  guint64 files_max;   /* open descriptors; 0: QUILT_SANDBOX_FILES_MAX */
  gboolean whiteouts;  /* it may make the whiteouts of overlayfs, and no other device */
  gboolean trusted;    /* it may read attributes in trusted.*: this needs CAP_SYS_ADMIN */
} QuiltSandbox;

/* Confines the whole process, which must have one thread. It gets no new privileges and no core
 * dumps, bounded memory and descriptors, and no network or System V IPC. It keeps only the
 * capabilities that files need. It can only open files beneath the directories (Landlock, Linux
 * 5.19, if enabled). A step that needs a privilege we lack is skipped: that privilege can't be
 * misused either. The caller has closed the descriptors that it should not have. */
gboolean quilt_sandbox_enter (const QuiltSandbox *sandbox, GError **error);
