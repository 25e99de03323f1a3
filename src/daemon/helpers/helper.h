/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A process of ours and the socket to it: quilt-supervisor, quilt-transfer. */
#pragma once

#include "proto/message.h"

#include <glib.h>

typedef struct QuiltHelper QuiltHelper;

/* Called from the main context; both may free the helper. */
typedef struct {
  void (*message) (const QuiltMessage *message, gpointer data);
  void (*closed) (gpointer data); /* the last event: it has ended, by itself or because it hung up
                                     or sent an invalid message */
  /* It hung up, or sent what nobody should, and may be alive. TRUE: leave it alone, and there are
   * no more events. FALSE, or NULL: it is killed, and closed() follows. */
  gboolean (*hung_up) (gpointer data);
} QuiltHelperEvents;

/* Opens the directory of the helpers as a mount of its own that can't be written to. What a
 * container gets hold of by /proc/self/exe is the supervisor's program: by this way it can neither
 * be opened for writing nor get another mode or owner (CVE-2019-5736). -1 with error on failure. */
int quilt_helper_open_dir (const char *path, GError **error);

/* Executes the program of dir_fd that argv[0] ends with, with /dev/null as 0, our 1 and 2, a socket
 * as 3 and fds[i] as 4 + i (-1: none). The descriptors stay the caller's. */
QuiltHelper *quilt_helper_spawn (int dir_fd,
                                 const char *const *argv,
                                 const int *fds,
                                 guint n_fds,
                                 const QuiltHelperEvents *events,
                                 gpointer data,
                                 GError **error);

/* Has a helper fork one like itself (QUILT_MESSAGE_FORK), with a socket to us, and waits for that,
 * at most a second. The new process is our child. NULL with error on failure: FAILED; then the
 * helper is of no use for this any more. */
QuiltHelper *quilt_helper_fork (QuiltHelper *self,
                                const QuiltHelperEvents *events,
                                gpointer data,
                                GError **error);

/* A helper that an earlier quiltd started: takes over its connected socket. Its first
 * message shows which version it understands; messages to it wait for that. */
QuiltHelper *quilt_helper_adopt (int socket, const QuiltHelperEvents *events, gpointer data);

/* No more events. The process lives on; when it was ours it is reaped after its end, and not
 * before this call, so that its pid is no other process's until then. */
void quilt_helper_free (QuiltHelper *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltHelper, quilt_helper_free)

/* 0 for an adopted one. */
guint32 quilt_helper_get_pid (const QuiltHelper *self);

/* From now on these are called instead. */
void quilt_helper_set_events (QuiltHelper *self, const QuiltHelperEvents *events, gpointer data);

/* Sends, or keeps the message until the helper has spoken and read earlier ones. FALSE with errno
 * when it can't be told: its end is reported by closed() then. */
gboolean quilt_helper_send (QuiltHelper *self, const QuiltMessage *message);
/* The helper does not read, or has not spoken. Each message that is sent now is kept in memory:
 * bound their number. */
gboolean quilt_helper_is_clogged (const QuiltHelper *self);
/* Likewise with descriptors, which stay the caller's, and without keeping the message: EAGAIN. */
gboolean
quilt_helper_send_fds (QuiltHelper *self, const QuiltMessage *message, const int *fds, guint n_fds);

/* SIGKILL, by pidfd. */
void quilt_helper_kill (QuiltHelper *self);
