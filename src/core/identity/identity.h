/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which ids a container's command has: what was asked for by name is looked up in its own files. */
#pragma once

#include "spec/oci/oci.h"

#include <limits.h>

/* How many groups beside the first; Linux takes 65536. */
#define QUILT_GROUPS_MAX 1024
/* The largest /etc/passwd or /etc/group that is read: hundreds of thousands of users. The limit
 * bounds the time that a hostile image's file takes; memory does not grow with the file. */
#define QUILT_PASSWD_SIZE_MAX (64 << 20)

typedef struct {
  guint32 uid, gid;
  guint n_groups;
  guint32 groups[QUILT_GROUPS_MAX];
  QuiltCapabilities capabilities;
  char home[PATH_MAX + sizeof "HOME="]; /* "HOME=/…"; empty: no user was looked up */
} QuiltIdentity;

/* The ids that the configuration gives by number. If it also names a user, the container's root
 * instead: the setup steps run as root. */
void quilt_identity_init (const QuiltSpec *spec, QuiltIdentity *ret_identity);

/* Child-safe, in the container's root: the user and groups that the configuration names, if it
 * does. A number needs no file: one that can't be read is then as good as none. Supplementary
 * groups are those that have the user for a member, unless his group is given
 * too, and those asked for. 0 or -errno; *ret_object is then the name or file that it is about, not
 * ended by a NUL alone but also by ',' or ':', and *ret_why more about it, a static string, or "".
 */
int quilt_identity_resolve (const QuiltSpec *spec,
                            QuiltIdentity *identity,
                            const char **ret_object,
                            const char **ret_why);

/* Child-safe, likewise: the home of its uid, "/" where the container's files name none. */
void quilt_identity_find_home (QuiltIdentity *identity);
