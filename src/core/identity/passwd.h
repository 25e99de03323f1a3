/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/passwd and /etc/group of a container, passwd(5) and group(5), as bytes that a stranger
 * wrote. The host's name services are never asked. Nothing here allocates: a file is read through a
 * buffer, so memory does not grow with the file or with its lines.
 */
#pragma once

#include "spec/users.h"

#include <limits.h>

/* A file to look in. Each look-up reads it from its beginning. */
typedef struct {
  int fd;     /* a regular file; -1: the file does not exist, which is as good as an empty file */
  gsize size; /* bytes behind this are not read */
  char *buffer;
  gsize buffer_size; /* at least 1 */
} QuiltPasswdFile;

typedef enum {
  QUILT_PASSWD_ABSENT,
  QUILT_PASSWD_FOUND,
  QUILT_PASSWD_BAD, /* the line is there, but an id or the name in it is not valid */
} QuiltPasswdResult;

/* The texts do not end with a NUL. */
typedef struct {
  guint32 uid, gid;
  gsize name_length, home_length;
  char name[QUILT_USER_NAME_MAX]; /* empty: a longer name, found by uid */
  char home[PATH_MAX];            /* empty: no home, or a longer one */
} QuiltPasswdEntry;

/* The first line with this name; with name NULL, the first line with this uid. Returns a
 * QuiltPasswdResult, or -errno if the file could not be read. *ret_entry is set if FOUND. */
int quilt_passwd_find (const QuiltPasswdFile *passwd,
                       const char *name,
                       gsize name_length,
                       guint32 uid,
                       QuiltPasswdEntry *ret_entry);

/* A group to find. The name does not end with a NUL. */
typedef struct {
  const char *name;
  gsize name_length;
  QuiltPasswdResult result; /* ABSENT before */
  guint32 gid;              /* set if FOUND */
} QuiltGroupEntry;

/* The first group of each name, all by one reading. Returns 0 or -errno. */
int quilt_group_find (const QuiltPasswdFile *group, QuiltGroupEntry *entries, guint n);

/* How many groups have the user for a member, up to max + 1, with the gids of the first max; or
 * -errno. */
int quilt_group_memberships (
    const QuiltPasswdFile *group, const char *user, gsize user_length, guint32 *gids, guint max);
