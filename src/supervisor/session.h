/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session: one more process of a running container (exec), and what supervises it. Each session
 * has a process of its own, a quilt-supervisor in the container's scope, which outlives quiltd. The
 * processes of the session have a cgroup of their own beside that of the container's command. */
#pragma once

#include "proto/message.h"
#include "spec/oci/oci.h"
#include "spec/oci/session.h"

/* All descriptors belong to quilt_session_run(). -1: none. */
typedef struct {
  int control_fd;
  guint32 version; /* message version of quiltd */
  int directory;   /* the session's own in /run, for the socket that a later quiltd connects to */
  int stdio[3];    /* -1: /dev/null */
  int leash;       /* the session ends when the other end of this pipe is closed */
} QuiltSessionFds;

/* The container that the session joins. */
typedef struct {
  QuiltSpec *spec;   /* the container's configuration; becomes that of the session */
  const char *scope; /* cgroup of the container's scope */
  pid_t first;       /* the container's first process */
  guint32 number;    /* of the session in messages */
} QuiltSessionTarget;

/* Starts the session's process, tells quiltd, and stays until quiltd has the exit on record. */
void quilt_session_run (const QuiltSessionTarget *target,
                        const QuiltSession *session,
                        const QuiltSessionFds *fds);
