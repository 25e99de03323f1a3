/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Namespaces that are there already: opened by the supervisor, entered on the way to the clone. */
#pragma once

#include "spec/oci.h"

#include <linux/sched.h>
#include <sys/types.h>

#define QUILT_JOINS_MAX 8

typedef struct {
  int fds[QUILT_JOINS_MAX]; /* a user namespace is the last */
  int types[QUILT_JOINS_MAX];
  guint n;
} QuiltJoins;

#define QUILT_JOINS_NONE                                                                           \
  {                                                                                                \
    {0}, {0}, 0                                                                                    \
  }

/* Opens what spec names, once: nothing is looked up by a path later. INVALID_ARGUMENT, naming the
 * path, where that is no namespace of its type; FAILED. */
gboolean quilt_joins_open (const QuiltSpec *spec, QuiltJoins *ret_joins, GError **error);
void quilt_joins_clear (QuiltJoins *joins);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltJoins, quilt_joins_clear)

/* clone3(2) of a child that is in these namespaces, and ours all the same; args has CLONE_PIDFD. We
 * enter none of them ourselves. With a mount namespace among them, it is in none yet. Returns as
 * clone3(2) does: the pid, 0 in the child, -1 with errno. */
pid_t quilt_joins_clone (const QuiltJoins *joins, struct clone_args *args);

/* In that child: enters them and closes them, if there is a mount namespace. Its root and working
 * directory are then the root of the mounts. 0 or -errno. */
int quilt_joins_enter (const QuiltJoins *joins);

/* Whether it is in the pid namespace only with a child of its own: a container that may trace
 * (CAP_SYS_PTRACE without a user namespace is enough, dumpable or not) would else be all that it
 * is, the host's root on its way in. */
gboolean quilt_joins_await_birth (const QuiltJoins *joins);

/* Clones that child, as a child of the caller's parent. As fork(2). */
pid_t quilt_joins_bear (void);
