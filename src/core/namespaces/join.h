/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces that are there already: opened by the supervisor, entered on the way to the clone, or
 * by the init. */
#pragma once

#include "spec/oci/oci.h"

#include <linux/sched.h>
#include <sys/types.h>

#define QUILT_JOINS_MAX 8

typedef struct {
  int fds[QUILT_JOINS_MAX]; /* a user namespace is the last */
  int types[QUILT_JOINS_MAX];
  guint n;
  gboolean is_guest; /* a process more in a container that is there; else quilt_root_build() enters
                      * a mount namespace among them */
} QuiltJoins;

#define QUILT_JOINS_NONE                                                                           \
  {                                                                                                \
    {0}, {0}, 0, FALSE                                                                             \
  }

/* Opens what spec names, once: nothing is looked up by a path later. INVALID_ARGUMENT, naming the
 * path, where that is no namespace of its type; FAILED. */
gboolean quilt_joins_open (const QuiltSpec *spec, QuiltJoins *ret_joins, GError **error);
void quilt_joins_clear (QuiltJoins *joins);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltJoins, quilt_joins_clear)

/* What spec asks to be made, as flags of clone(2); a cgroup namespace is made later, inside, and a
 * time namespace before. */
int quilt_joins_new_namespaces (const QuiltSpec *spec);

/* clone3(2) of a child that is in these namespaces, and ours all the same; args has CLONE_PIDFD. We
 * enter none of them ourselves. With a pid namespace among them, or as a guest, the child is in
 * none yet: it has to call quilt_joins_enter(). Returns as clone3(2) does: the pid, 0 in the child,
 * -1 with errno. */
pid_t quilt_joins_clone (const QuiltJoins *joins, struct clone_args *args);

/* In that child, child-safe: enters all of them, makes the new ones (flags of unshare(2)), and
 * closes the descriptors. A guest's root and working directory are then the root of the mounts. 0
 * or -errno. */
int quilt_joins_enter (const QuiltJoins *joins, int new_namespaces);

/* Whether a pid namespace is among them. setns(2) puts only later children into it, and processes
 * there that have CAP_SYS_PTRACE and the host's ids can use all that such a child has, dumpable or
 * not. So the init stays outside until it has no more than the command will have;
 * quilt_joins_bear() then makes the child that goes on in its place. */
gboolean quilt_joins_await_birth (const QuiltJoins *joins);

/* Whether that init has to enter them before it does anything else: root of a new user namespace
 * can't enter what is there already. One that enters a whole container does it later, when it has
 * no more use for the host's files. */
gboolean quilt_joins_come_first (const QuiltJoins *joins);

/* Clones that child, as a child of the caller's parent, with a pidfd. Returns as fork(2) does. */
pid_t quilt_joins_bear (int *ret_pid_fd);

/* The descriptor of the namespace with this flag of setns(2); -1 if it is not joined. */
int quilt_joins_find (const QuiltJoins *joins, int type);
