/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copies one file of a container into a layer, and adds it to the layer's digest. */
#pragma once

#include "tar/header.h"
#include "transfer/control.h"
#include "transfer/flush.h"
#include "transfer/hash.h"
#include "transfer/space.h"

#include <sys/stat.h>

typedef struct {
  int proc_fd; /* the directory /proc/self/fd */
  QuiltControl *control;
  QuiltSpace space;
  QuiltFlush *flush;
  QuiltHash *hash;
  GByteArray *header;
  guint8 *buffer;
  guint64 copied;
  guint64 stored;     /* as quilt_commit_file_count() has counted */
  guint64 max_stored; /* 0: no limit */
} QuiltCommitFile;

/* fd is any file in the store. Descriptors are borrowed. */
gboolean quilt_commit_file_init (
    QuiltCommitFile *self, int proc_fd, int fd, QuiltControl *control, GError **error);
void quilt_commit_file_clear (QuiltCommitFile *self);

/* Counts bytes that are about to be stored. If there is a limit, they are the progress of the
 * control. Sets QUOTA_EXCEEDED beyond the limit. */
gboolean quilt_commit_file_count (QuiltCommitFile *self, guint64 bytes, GError **error);

/* Adds a member without data to the digest. */
void quilt_commit_file_add_header (QuiltCommitFile *self, const QuiltTarMember *member);
/* The digest of all. Call it once, at the end. Owned by the caller. */
char *quilt_commit_file_get_digest (QuiltCommitFile *self);

/* Reads the attributes that a layer keeps. Returns FALSE with errno set. */
gboolean quilt_commit_file_read_xattrs (int fd, QuiltTarMember *member);
/* Sets owner, mode and attributes. Returns FALSE with errno set. */
gboolean quilt_commit_file_set_meta (int fd, const QuiltTarMember *member);

/* Copies the regular file of path_fd (O_PATH) to the new file dir_fd/name, with its holes and
 * attributes, as many bytes as member says. path is for errors. */
gboolean quilt_commit_file_copy (QuiltCommitFile *self,
                                 int path_fd,
                                 int dir_fd,
                                 const char *name,
                                 QuiltTarMember *member,
                                 const char *path,
                                 GError **error);
