/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container in the foreground (run, start --attach, attach): copies its output, passes input and
 * signals on, and waits for its exit code. */
#pragma once

#include "ctl/streams/input.h"
#include "ctl/streams/signals.h"
#include "ctl/streams/stream.h"
#include "ctl/streams/terminal.h"
#include "ctl/verbs/waiter.h"

#define QUILT_FOREGROUND_FDS 4

typedef struct {
  QuiltCtl *ctl;
  /* set by the verb */
  const char *name;     /* NULL: unknown until the answer */
  gboolean interactive; /* pass stdin on */
  gboolean terminal;    /* the container has a terminal */
  gboolean has_leash;   /* the container does not wait for us, and may drop us */
  gboolean no_proxy;    /* signals end quiltctl, not the container */
  gboolean auto_remove; /* stop the container when the reader of our output is gone */
  gboolean has_setup;   /* setup steps run before the call is answered */
  QuiltDetachKeys keys;

  GMainLoop *loop;
  char *id; /* NULL: unknown until the answer */
  QuiltWaiter *waiter;
  QuiltTerminal *screen;
  QuiltStdin input;
  QuiltSignals signals;
  guint16 columns, rows; /* last size of our terminal that was sent */
  int shown;             /* reading end of the pipe with the terminal's output; -1: none */
  int typed;             /* writing end of the pipe for what is typed; -1: none */
  int leash;             /* our end; -1: none */
  guint leash_watch, drop_timer;
  int fds[QUILT_FOREGROUND_FDS]; /* for the call */
  guint n_fds;
  guint open_streams;
  /* a signal that arrived before there was a container to send it to; 0: none */
  int pending_signal;
  int code;           /* -1: unknown so far */
  gboolean is_typing; /* our terminal is the container's */
  gboolean has_left;  /* we end, and the container goes on */
  gboolean unwritten; /* writing to our stdout has failed */
  gboolean unread;    /* the reader of our output is gone */
  guint interrupts;   /* number of Ctrl-C so far */
} QuiltForeground;

void quilt_foreground_init (QuiltForeground *self, QuiltCtl *ctl);
/* Restores our terminal. */
void quilt_foreground_clear (QuiltForeground *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltForeground, quilt_foreground_clear)

/* Reads the options --detach-keys and --sig-proxy; NULL: not given. Error: INVALID_ARGUMENT. */
gboolean quilt_foreground_set (QuiltForeground *self,
                               const char *detach_keys,
                               const char *sig_proxy,
                               GError **error);

/* Makes the pipes, connects them with our streams, and adds their indexes, and the size of the
 * terminal, as options of the call. From now on, signals are passed on. */
gboolean quilt_foreground_open (QuiltForeground *self, GVariantBuilder *options, GError **error);

/* Makes the call, with the pipes, and calls answered on the main loop. */
void quilt_foreground_call (QuiltForeground *self,
                            const char *method,
                            GVariant *args,
                            const char *reply_type,
                            QuiltDbusReplyFunc answered);

/* Called when the call is answered: the container `id` runs. */
void quilt_foreground_began (QuiltForeground *self, const char *id);
/* The container waits for us, so it does not drop us. */
void quilt_foreground_untie (QuiltForeground *self);
/* Called when the call has failed. Prints the error, and waits briefly for the streams. */
void quilt_foreground_failed (QuiltForeground *self, const GError *error);

/* Returns the exit code when the container has ended, or the user has left it. */
int quilt_foreground_run (QuiltForeground *self);
