/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sessions of all containers: processes that callers have started in them (exec). Each session
 * is held by a quilt-supervisor of its own in the container's scope. It outlives quiltd, as the
 * container's own supervisor does, and keeps the exit until quiltd has asked for it. */
#pragma once

#include "daemon/containers/containers.h"
#include "spec/oci/session.h"

typedef struct QuiltSessions QuiltSessions;

/* A session that runs, or that has ended and is remembered for callers that ask later. */
typedef struct QuiltSessionRun QuiltSessionRun;

/* Borrows containers. */
QuiltSessions *quilt_sessions_new (QuiltContainers *containers);
/* Stops all events. The sessions go on. */
void quilt_sessions_free (QuiltSessions *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSessions, quilt_sessions_free)

QuiltContainers *quilt_sessions_get_containers (const QuiltSessions *self);

/* Adopts the sessions that an earlier quiltd has begun, in all containers that run. Holds the hub
 * until the supervisors of all of them have answered. */
void quilt_sessions_recover (QuiltSessions *self);

/* Everything that a session begins with. The caller keeps it all. */
typedef struct {
  const char *container;       /* its ID */
  const char *place;           /* of the container's scope */
  pid_t first;                 /* the container's first process */
  const QuiltSession *session; /* without an id: quiltd invents one */
  int filter;                  /* the container's system call filter; -1: none */
  int stdio[3];                /* -1: /dev/null */
  int leash;                   /* the session ends with the other end of this pipe; -1: none */
} QuiltSessionPlan;

/* Begins a session. Borrowed. Errors: EXISTS if another session of the container has the id,
 * FAILED. */
QuiltSessionRun *
quilt_session_begin (QuiltSessions *self, const QuiltSessionPlan *plan, GError **error);

/* Finds a session of a container by its ID or a unique prefix of that. Borrowed; NULL with
 * NOT_FOUND or AMBIGUOUS. */
QuiltSessionRun *quilt_sessions_find (const QuiltSessions *self,
                                      const char *container,
                                      const char *id,
                                      GError **error);
/* Whether a container has a session of exactly this ID. */
gboolean quilt_sessions_has (const QuiltSessions *self, const char *container, const char *id);
/* The IDs of the containers that have sessions, ended ones too. Free the array alone. */
const char **quilt_sessions_list_containers (const QuiltSessions *self);
/* The sessions of a container that run, the oldest first. Free the array with g_ptr_array_unref();
 * the sessions are borrowed. */
GPtrArray *quilt_sessions_list (const QuiltSessions *self, const char *container);

const QuiltSession *quilt_session_get_values (const QuiltSessionRun *self);
/* 0 while the command is not executed. */
guint32 quilt_session_get_pid (const QuiltSessionRun *self);
guint64 quilt_session_get_started (const QuiltSessionRun *self);

/* Sends a signal to the session's process; SIGKILL ends all of its processes. */
void quilt_session_kill (QuiltSessionRun *self, int signal);

/* The events that a caller can wait for. */
typedef enum {
  QUILT_SESSION_EXECUTED, /* or over */
  QUILT_SESSION_OVER,
} QuiltSessionEvent;

typedef struct {
  const GError *error; /* the command was never executed; NULL: it was */
  int terminal;        /* EXECUTED: the terminal's master, owned by the function; -1: none */
  int exit_code;       /* OVER */
  const char *reason;  /* OVER: see WaitSession in dbus/org.quilt.xml */
} QuiltSessionNews;

/* Calls func once, maybe at once. */
void quilt_session_await (QuiltSessionRun *self,
                          QuiltSessionEvent event,
                          void (*func) (const QuiltSessionNews *news, gpointer data),
                          gpointer data);
/* Drops the functions that wait with this data. */
void quilt_session_cancel (QuiltSessionRun *self, gpointer data);
