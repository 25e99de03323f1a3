/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages between quiltd and its helpers. docs/architecture.md, "The wire", has the table.
 */
#pragma once

#include <glib.h>

/* Numbers never change their meaning: a supervisor outlives the quiltd that started it. */
typedef enum {
  /* quiltd → supervisor */
  QUILT_MESSAGE_GO = 1,   /* the scope is ready: enter it, run */
  QUILT_MESSAGE_STOP = 2, /* signal, time_usec: grace period until SIGKILL; QUILT_INFINITY: none */
  QUILT_MESSAGE_KILL = 3, /* signal to the container's init */
  QUILT_MESSAGE_BYE = 4,  /* the exit is on record: the supervisor may end */
  QUILT_MESSAGE_RENAME = 5, /* text: the new name, for the fields of later log lines */

  QUILT_MESSAGE_BEGIN = 6, /* the first of all, with descriptors: the run directory, `total`
                              namespaces that it joins, and what the flags say, in their order.
                              done, time_usec: what counts of the last run's log, see
                              proto/budget.h, and since when (g_get_monotonic_time()); code: the
                              container's owner, a uid */

  QUILT_MESSAGE_STOP_SETTINGS = 7, /* signal and time_usec of a stop that systemd asks for */
  QUILT_MESSAGE_CLOSE = 8,         /* from now on the container's writes to its output fail */

  QUILT_MESSAGE_FORK = 9, /* to a supervisor that has no container, with a socket: make another
                             supervisor, which has this socket to quiltd */

  /* supervisor → quiltd; after each (re)connection it first repeats the state it is in */
  QUILT_MESSAGE_READY = 16,   /* built, waits for GO */
  QUILT_MESSAGE_STEP = 17,    /* setup step `step` (from 1) begins; 0: GO came, no step has begun */
  QUILT_MESSAGE_RUNNING = 18, /* the command was executed: pid, time_usec */
  QUILT_MESSAGE_FAILED = 19, /* never ran: code is a QuiltError, step the setup step or 0, exit_code
                                the step's code, text says what, why and what to do */
  QUILT_MESSAGE_EXITED = 20, /* exit_code, signal (0: none), time_usec; text: reason; done: what
                                counts of its log, see proto/budget.h */
  QUILT_MESSAGE_LINGERING = 21, /* after BYE: it stays until journald has taken the last lines */
  QUILT_MESSAGE_FORKED = 22,    /* the answer to FORK: pid, with a pidfd */

  /* transfer, seccomp → quiltd */
  QUILT_MESSAGE_PROGRESS = 32, /* done, total (0: unknown) bytes of the input */
  QUILT_MESSAGE_DONE = 33, /* text: content digest "sha256:…"; done: bytes on disk, total: entries;
                              exit_code 1: the layer was there already */
  QUILT_MESSAGE_ERROR = 34, /* code is a QuiltError, text. From every helper: the answer to a
                               request that failed, or that it does not know (NOT_SUPPORTED) */

  /* doctor → quiltd */
  QUILT_MESSAGE_FINDING =
      48, /* code is a QuiltVerdict; text: check, finding, advice, a line each */
} QuiltMessageType;

#define QUILT_MESSAGE_VERSION 2
/* A supervisor that an earlier quiltd started speaks it. It has no requests, sessions and bodies.
 */
#define QUILT_MESSAGE_VERSION_1 1

#define QUILT_MESSAGE_TEXT_MAX 1536
#define QUILT_MESSAGE_BODY_MAX (4 * 1024 * 1024)

typedef struct {
  guint32 version; /* in which it came, or is to be sent */
  guint32 type;
  guint32 request; /* a number that the sender of a request chose; its answer has the same number.
                      0: the message is neither */
  guint32 session; /* the message is about this process of the container; 0: about all of it */
  gint32 code;
  gint32 signal;
  gint32 exit_code; /* 0..255 as wait(2) gives it; 128 + signal when a signal ended it */
  gint32 pid;       /* of the container's init, in quiltd's pid namespace */
  guint32 step;
  guint32 flags;     /* QuiltMessageFlags */
  guint64 time_usec; /* CLOCK_REALTIME, or a duration where said above */
  guint64 done;
  guint64 total;
  char text[QUILT_MESSAGE_TEXT_MAX]; /* UTF-8, NUL-terminated */
} QuiltMessage;

typedef enum {
  QUILT_MESSAGE_FLAG_STOPPING = 1 << 0, /* a stop was asked for */
  QUILT_MESSAGE_FLAG_OOM = 1 << 1,      /* the kernel killed something for memory (memory.events) */
  QUILT_MESSAGE_FLAG_KILLED_BY_TIMEOUT = 1 << 2, /* the grace period ran out */
  /* With BEGIN: these come along. */
  QUILT_MESSAGE_FLAG_FILTER = 1 << 3, /* of system calls, compiled */
  QUILT_MESSAGE_FLAG_STDOUT = 1 << 4, /* attached: gets a copy of the output */
  QUILT_MESSAGE_FLAG_STDERR = 1 << 5,
  QUILT_MESSAGE_FLAG_BUDGET = 1 << 6, /* see proto/budget.h */
  QUILT_MESSAGE_FLAG_STORE = 1 << 8,  /* the container's directory in the store */
  /* With RUNNING, which is said again when this changes: its share of the journal is used up. */
  QUILT_MESSAGE_FLAG_HELD = 1 << 7,
} QuiltMessageFlags;
