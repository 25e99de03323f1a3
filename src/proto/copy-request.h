/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The request of quiltd to quilt-copy. quiltd passes it in a memory file, since a command line is
 * visible to every user. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The descriptors that quiltd passes. */
enum {
  QUILT_COPY_SOCKET = 3,
  QUILT_COPY_PIPE = 4, /* the caller's */
  QUILT_COPY_REQUEST = 5,
  QUILT_COPY_SPEC = 6, /* OCI configuration of a container that does not run */
  QUILT_COPY_LOCK = 7, /* keeps other mounts of that container's files away */
};

typedef enum {
  QUILT_COPY_FROM,
  QUILT_COPY_TO,
  QUILT_COPY_EXPORT,
} QuiltCopyOperation;

typedef struct {
  QuiltCopyOperation operation;
  char *path;  /* in the container; bytes */
  char *id;    /* the container's */
  char *scope; /* cgroup of its scope; NULL: it does not run */
  pid_t first; /* its first process, if it runs */
  char *user;  /* USER[:GROUP] of its command; NULL: root */
  gboolean keeps_owner, overwrite, extract;
  gboolean is_provided; /* the container has files of the host, which are not exported */
} QuiltCopyRequest;

void quilt_copy_request_clear (QuiltCopyRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltCopyRequest, quilt_copy_request_clear)

/* Returns a new memory file, or -1 with an error. */
int quilt_copy_request_save (const QuiltCopyRequest *request, GError **error);
gboolean quilt_copy_request_load (int fd, QuiltCopyRequest *ret_request, GError **error);

/* As quilt_copy_request_save(), for any text. */
int quilt_copy_memory_new (const char *name, gconstpointer bytes, gsize length, GError **error);
