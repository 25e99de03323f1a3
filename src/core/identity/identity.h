/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds the ids of a container's command. Names are looked up in the container's own files. */
#pragma once

#include "spec/oci/oci.h"
#include "spec/users.h"

#include <limits.h>

/* The limit for supplementary groups; Linux allows 65536. */
#define QUILT_GROUPS_MAX 1024
/* The largest /etc/passwd or /etc/group that is read: enough for hundreds of thousands of users.
 * The limit bounds the time that a hostile image's file takes. Memory does not grow with the
 * file. */
#define QUILT_PASSWD_SIZE_MAX (64 << 20)

/* The variables of the user's login, each with its name. */
typedef struct {
  char user[QUILT_USER_NAME_MAX + sizeof "USER="];
  char logname[QUILT_USER_NAME_MAX + sizeof "LOGNAME="];
  char shell[PATH_MAX + sizeof "SHELL="];
} QuiltLogin;

typedef struct {
  guint32 uid, gid;
  guint n_groups;
  guint32 groups[QUILT_GROUPS_MAX];
  QuiltCapabilities capabilities;
  char home[PATH_MAX + sizeof "HOME="]; /* "HOME=/…"; empty if no user was looked up */
  QuiltLogin login;                     /* unset if home is empty */
} QuiltIdentity;

/* Sets the ids that the configuration gives by number. If the configuration also names a user, sets
 * the container's root instead, since the setup steps run as root. */
void quilt_identity_init (const QuiltSpec *spec, QuiltIdentity *ret_identity);

/* Child-safe; called in the container's root. Looks up the user and groups that the configuration
 * names, if any. A numeric user needs no file: if the file can't be read, it counts as missing. The
 * supplementary groups are the requested ones and, unless the user's group is given explicitly,
 * those that list the user as a member. Returns 0 or -errno. *ret_object is then the name or file
 * that caused the error; a name ends at ',', ':' or NUL. *ret_why explains more, a static string,
 * or "". */
int quilt_identity_resolve (const QuiltSpec *spec,
                            QuiltIdentity *identity,
                            const char **ret_object,
                            const char **ret_why);

/* Child-safe; called in the container's root. Finds the home and the login of identity's uid. If
 * the container's files name none, the home is "/", the shell /bin/sh, and the name "root" or the
 * uid. */
void quilt_identity_find_home (QuiltIdentity *identity);
