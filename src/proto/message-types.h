/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The messages between quiltd and its helpers. "The wire" in docs/architecture.md has the table. */
#pragma once

#include <glib.h>

/* A number never changes its meaning, since a supervisor outlives the quiltd that started it. */
typedef enum {
  /* quiltd → supervisor */
  QUILT_MESSAGE_GO = 1,   /* the scope is ready: enter it and run */
  QUILT_MESSAGE_STOP = 2, /* signal; time_usec: grace period until SIGKILL, QUILT_INFINITY: none */
  /* signal to the container's init, or to the command of the session; SIGKILL: to all processes of
   * the session */
  QUILT_MESSAGE_KILL = 3,
  QUILT_MESSAGE_BYE = 4,    /* the exit is recorded: the supervisor may end */
  QUILT_MESSAGE_RENAME = 5, /* text: the new name, for the fields of later log lines */

  /* the first message, with descriptors: the run directory, `total` namespaces to join, and those
   * that the flags name, in the flags' order. done: the bytes of log that still count for the last
   * run, see proto/budget.h, as of time_usec (g_get_monotonic_time()); code: the uid of the
   * container's owner */
  QUILT_MESSAGE_BEGIN = 6,

  QUILT_MESSAGE_STOP_SETTINGS = 7, /* signal and time_usec for a stop that systemd requests */
  QUILT_MESSAGE_CLOSE = 8,         /* from now on the container's writes to its output fail */

  /* to a supervisor that has no container, with a socket and perhaps a cgroup's directory: make
   * another supervisor, which has this socket to quiltd, in the cgroup */
  QUILT_MESSAGE_FORK = 9,
  /* to a supervisor that has no container: it is in a scope, where it makes the cgroups of a
   * container. BEGIN follows at some time */
  QUILT_MESSAGE_PREPARE = 10,

  /* the first message, with descriptors: the run directory, the session's own directory in it, and
   * those that the flags name, in the flags' order. Run one more process in the container whose
   * first process is pid and whose scope has the cgroup text, as session. Body: spec/oci/session.h
   */
  QUILT_MESSAGE_ENTER = 11,

  /* a request, with the descriptors that the flags name, in the flags' order, all of them
   * non-blocking: attach a client, which gets the last lines of output first */
  QUILT_MESSAGE_ATTACH = 12,
  QUILT_MESSAGE_RESIZE = 13,   /* columns and rows of the container's terminal */
  QUILT_MESSAGE_CONTINUE = 14, /* go on with a container that is held after its setup steps */

  /* supervisor → quiltd. After each (re)connection it first repeats its state */
  QUILT_MESSAGE_READY = 16, /* the root is built; waits for GO */
  QUILT_MESSAGE_STEP =
      17, /* setup step `step` (from 1) begins; 0: GO has arrived, no step has begun. With the flag
           * DETAINED: all steps have succeeded, and the container waits for CONTINUE */
  /* the command was executed: pid, time_usec. Of a session with a terminal, once: its master */
  QUILT_MESSAGE_RUNNING = 18,
  /* never ran: code is a QuiltError, step the setup step or 0, exit_code the step's code, text the
   * error with its cause and a remedy */
  QUILT_MESSAGE_FAILED = 19,
  /* exit_code, signal (0: none), time_usec; text: reason; done: the bytes of log that count for the
   * run, see proto/budget.h */
  QUILT_MESSAGE_EXITED = 20,
  QUILT_MESSAGE_LINGERING = 21, /* after BYE: stays until journald has taken the last lines */
  QUILT_MESSAGE_FORKED = 22,    /* the answer to FORK: pid, with a pidfd */
  QUILT_MESSAGE_PREPARED = 23,  /* the answer to PREPARE; ERROR if that failed */
  QUILT_MESSAGE_ATTACHED = 24,  /* the answer to ATTACH; flags: STDIN if input is taken */

  /* transfer → quiltd */
  /* done, total (0: unknown) bytes of the input. With a limit for what a layer takes on disk, done
   * is what counts for the limit, and DONE comes after the last such report */
  QUILT_MESSAGE_PROGRESS = 32,

  /* transfer, seccomp, copy → quiltd */
  /* Of transfer: text: content digest "sha256:…", or empty if a container has no changes; done:
   * bytes on disk; total: entries; exit_code 1: no new layer was made */
  QUILT_MESSAGE_DONE = 33,
  /* code is a QuiltError, text. Every helper sends it if a request failed or is unknown
   * (NOT_SUPPORTED) */
  QUILT_MESSAGE_ERROR = 34,

  /* doctor → quiltd */
  QUILT_MESSAGE_FINDING =
      48, /* code is a QuiltVerdict; text: check, finding and advice, one line each */

  /* look → quiltd. Body: an aa{sv} of GVariant, the processes of ListProcesses; total: how many
   * more there are */
  QUILT_MESSAGE_PROCESSES = 49,
  /* Body: an (aa{sv}a{sv}) of GVariant, the answer of VerifyImage */
  QUILT_MESSAGE_VERIFIED = 50,
} QuiltMessageType;

#define QUILT_MESSAGE_VERSION 2
/* The version of supervisors that an earlier quiltd started. It has no requests, sessions and
 * bodies. */
#define QUILT_MESSAGE_VERSION_1 1

#define QUILT_MESSAGE_TEXT_MAX 1536
#define QUILT_MESSAGE_BODY_MAX (4 * 1024 * 1024)

typedef struct {
  guint32 version; /* version in which it was received, or is to be sent */
  guint32 type;
  /* a number that the sender of a request chooses, repeated in the answer. 0: neither a request nor
   * an answer */
  guint32 request;
  /* the session that the message is about; 0: the container itself */
  guint32 session;
  gint32 code;
  gint32 signal;
  gint32 exit_code; /* 0..255; 128 + signal if a signal ended the process */
  gint32 pid;       /* of the container's init or the session's command, as quiltd sees it */
  guint32 step;
  guint32 flags;     /* QuiltMessageFlags */
  guint64 time_usec; /* CLOCK_REALTIME, or a duration where noted above */
  guint64 done;
  guint64 total;
  guint32 columns, rows; /* size of a terminal; 0: unknown */
  guint32 lines;
  char text[QUILT_MESSAGE_TEXT_MAX]; /* UTF-8, NUL-terminated */
} QuiltMessage;

typedef enum {
  QUILT_MESSAGE_FLAG_STOPPING = 1 << 0, /* a stop was requested */
  QUILT_MESSAGE_FLAG_OOM =
      1 << 1, /* the kernel killed a process because memory ran out (memory.events) */
  QUILT_MESSAGE_FLAG_KILLED_BY_TIMEOUT = 1 << 2, /* the grace period ran out */
  /* These descriptors follow. With BEGIN and ENTER: */
  QUILT_MESSAGE_FLAG_FILTER = 1 << 3, /* the compiled system call filter */
  /* With BEGIN, ENTER and ATTACH: a client's pipe for the output. */
  QUILT_MESSAGE_FLAG_STDOUT = 1 << 4,
  QUILT_MESSAGE_FLAG_STDERR = 1 << 5,
  /* With BEGIN: */
  QUILT_MESSAGE_FLAG_BUDGET = 1 << 6, /* see proto/budget.h */
  /* With RUNNING, without a descriptor. RUNNING is sent again when this changes: the container's
   * share of the journal is used up. */
  QUILT_MESSAGE_FLAG_HELD = 1 << 7,
  /* With BEGIN: */
  QUILT_MESSAGE_FLAG_STORE = 1 << 8, /* the container's directory in the store */
  /* With BEGIN, ENTER and ATTACH: stdin, or a pipe that a terminal's input comes from. */
  QUILT_MESSAGE_FLAG_STDIN = 1 << 9,
  /* With ENTER and ATTACH, a pipe: the session or client ends when its other end is closed. */
  QUILT_MESSAGE_FLAG_LEASH = 1 << 10,
  /* With BEGIN: hold the container when its setup steps have succeeded, before its command, until
   * CONTINUE arrives or quiltd is gone. With STEP: it is held. */
  QUILT_MESSAGE_FLAG_DETAINED = 1 << 11,
} QuiltMessageFlags;
