/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Joining existing namespaces. The supervisor opens them. A process between it and the init enters
 * them before the clone, or the init enters them. */
#pragma once

#include "spec/oci/oci.h"

#include <linux/sched.h>
#include <sys/types.h>

#define QUILT_JOINS_MAX 8

typedef struct {
  int fds[QUILT_JOINS_MAX]; /* a user namespace comes last */
  int types[QUILT_JOINS_MAX];
  guint n;
  /* a guest becomes another process of a container; otherwise quilt_root_build() enters a mount
   * namespace among them */
  gboolean is_guest;
} QuiltJoins;

#define QUILT_JOINS_NONE                                                                           \
  {                                                                                                \
    {0}, {0}, 0, FALSE                                                                             \
  }

/* Opens the namespaces that spec joins; no path is resolved again later. INVALID_ARGUMENT names a
 * path that is not a namespace of its type. Other errors: FAILED. */
gboolean quilt_joins_open (const QuiltSpec *spec, QuiltJoins *ret_joins, GError **error);
void quilt_joins_clear (QuiltJoins *joins);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltJoins, quilt_joins_clear)

/* The new namespaces that spec asks for, as flags of clone(2). The cgroup namespace is made later
 * in the init, the time namespace before the clone. */
int quilt_joins_new_namespaces (const QuiltSpec *spec);

/* As clone3(2), but the child is in the joined namespaces, and is still our child. We enter none of
 * them. args has CLONE_PIDFD. If a pid namespace is joined, or for a guest, the child is in no
 * joined namespace yet and must call quilt_joins_enter(). Returns the pid, 0 in the child, or -1
 * with errno set. */
pid_t quilt_joins_clone (const QuiltJoins *joins, struct clone_args *args);

/* Runs in that child. Enters the namespaces, makes the new ones (flags of unshare(2)), and closes
 * the descriptors. A guest's root and working directory are then the root of the mount namespace.
 * Child-safe. Returns 0 or -errno. */
int quilt_joins_enter (const QuiltJoins *joins, int new_namespaces);

/* Whether a pid namespace is joined. setns(2) puts only later children into it. Processes there
 * with CAP_SYS_PTRACE and the host's ids can use everything that such a child has, even if it is
 * not dumpable. So the init stays outside until it has no more power than the command will have.
 * Then quilt_joins_bear() makes the child that continues in its place. */
gboolean quilt_joins_await_birth (const QuiltJoins *joins);

/* Whether the init has to enter the namespaces before it does anything else: root of a new user
 * namespace can't enter existing namespaces. An init that enters a whole container does it later,
 * when it needs no files of the host any more. */
gboolean quilt_joins_come_first (const QuiltJoins *joins);

/* Clones the child that continues in the init's place, as a child of the caller's parent, with a
 * pidfd. Returns like fork(2). */
pid_t quilt_joins_bear (int *ret_pid_fd);

/* The descriptor of the joined namespace of this type (a flag of setns(2)); -1 if none is
 * joined. */
int quilt_joins_find (const QuiltJoins *joins, int type);
