/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading /etc/passwd and /etc/group of a container, passwd(5) and group(5), which may be hostile.
 * The host's name services are never asked. Nothing here allocates: a file is read through a
 * buffer, so memory does not grow with the file or its lines. */
#pragma once

#include "spec/users.h"

#include <limits.h>

/* A file to search. Each look-up reads it from its beginning. */
typedef struct {
  int fd;     /* a regular file; -1: the file is missing and counts as empty */
  gsize size; /* bytes beyond this are not read */
  char *buffer;
  gsize buffer_size; /* at least 1 */
} QuiltPasswdFile;

typedef enum {
  QUILT_PASSWD_ABSENT,
  QUILT_PASSWD_FOUND,
  QUILT_PASSWD_BAD, /* the line exists, but an id or the name in it is invalid */
} QuiltPasswdResult;

/* The texts are not terminated by a NUL. */
typedef struct {
  guint32 uid, gid;
  gsize name_length, home_length, shell_length;
  char name[QUILT_USER_NAME_MAX]; /* empty if a line found by uid has a longer name */
  char home[PATH_MAX];            /* empty if there is no home, or a longer one */
  char shell[PATH_MAX];           /* the same of the shell */
} QuiltPasswdEntry;

/* Finds the first line with this name or, if name is NULL, with this uid. Returns a
 * QuiltPasswdResult, or -errno if the file can't be read. Sets *ret_entry if the result is
 * FOUND. */
int quilt_passwd_find (const QuiltPasswdFile *passwd,
                       const char *name,
                       gsize name_length,
                       guint32 uid,
                       QuiltPasswdEntry *ret_entry);

/* A group to find. The name is not terminated by a NUL. */
typedef struct {
  const char *name;
  gsize name_length;
  QuiltPasswdResult result; /* ABSENT before the search */
  guint32 gid;              /* set if FOUND */
} QuiltGroupEntry;

/* Finds the first line of each group in one pass over the file. Returns 0 or -errno. */
int quilt_group_find (const QuiltPasswdFile *group, QuiltGroupEntry *entries, guint n);

/* Returns the number of groups that list the user as a member, at most max + 1, and the gids of the
 * first max. Returns -errno on error. */
int quilt_group_memberships (
    const QuiltPasswdFile *group, const char *user, gsize user_length, guint32 *gids, guint max);
