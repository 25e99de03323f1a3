/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* /etc/passwd and /etc/group of a container, passwd(5) and group(5), as bytes that a stranger
 * wrote. Never by the host's name services. Nothing here allocates. */
#pragma once

#include <glib.h>

typedef enum {
  QUILT_PASSWD_ABSENT,
  QUILT_PASSWD_FOUND,
  QUILT_PASSWD_BAD, /* the name is there, and its id is none */
} QuiltPasswdResult;

/* Borrows from the data; nothing in it ends with a NUL. */
typedef struct {
  guint32 uid, gid;
  const char *name, *home;
  gsize name_length, home_length;
} QuiltPasswdEntry;

/* The first line with this name; with name NULL, the first with this uid. */
QuiltPasswdResult quilt_passwd_find (const char *data,
                                     gsize size,
                                     const char *name,
                                     gsize name_length,
                                     guint32 uid,
                                     QuiltPasswdEntry *ret_entry);

/* The first group with this name. */
QuiltPasswdResult quilt_group_find (
    const char *data, gsize size, const char *name, gsize name_length, guint32 *ret_gid);

/* How many groups have the user for a member, up to max + 1; the gids of the first max. */
guint quilt_group_memberships (
    const char *data, gsize size, const char *user, gsize user_length, guint32 *gids, guint max);
