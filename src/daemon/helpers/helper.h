/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A helper process, such as quilt-supervisor and quilt-transfer, and the socket to it. */
#pragma once

#include "proto/message.h"

#include <glib.h>

typedef struct QuiltHelper QuiltHelper;

/* Called from the main context. Each of the functions may free the helper. */
typedef struct {
  void (*message) (const QuiltMessage *message, gpointer data);
  /* the last event: the helper has ended by itself, or was killed because it hung up or sent an
   * invalid message */
  void (*closed) (gpointer data);
  /* The helper has hung up or sent an invalid message, and may still run. Return TRUE to leave it
   * alone, without further events. If it returns FALSE or is NULL, the helper is killed, and
   * closed() follows. */
  gboolean (*hung_up) (gpointer data);
  /* Called instead of message() if a descriptor comes with the message. The function owns it. NULL:
   * descriptors are dropped. */
  void (*descriptor) (const QuiltMessage *message, int fd, gpointer data);
  /* Called instead of message() if a body comes with the message. NULL: bodies are dropped. */
  void (*body) (const QuiltMessage *message, GBytes *body, gpointer data);
} QuiltHelperEvents;

/* Opens the directory of the helpers as a read-only mount of its own. Through /proc/self/exe, a
 * container can reach the supervisor's program. Through this mount, that file can neither be opened
 * for writing nor get another mode or owner (CVE-2019-5736). Returns -1 with an error. */
int quilt_helper_open_dir (const char *path, GError **error);

/* Executes the program in dir_fd that argv[0] ends with, with /dev/null as 0, our 1 and 2, a socket
 * as 3, and fds[i] as 4 + i (-1: none). The caller keeps the descriptors. */
QuiltHelper *quilt_helper_spawn (int dir_fd,
                                 const char *const *argv,
                                 const int *fds,
                                 guint n_fds,
                                 const QuiltHelperEvents *events,
                                 gpointer data,
                                 GError **error);

/* Makes a helper fork a copy of itself (QUILT_MESSAGE_FORK) with a socket to us, into a cgroup (a
 * descriptor of its directory; -1, or if that is impossible: that of the helper), and waits for
 * that for at most a second. The new process is our child. Returns NULL with FAILED; then the
 * helper can't be used for this any more. */
QuiltHelper *quilt_helper_fork (
    QuiltHelper *self, int cgroup, const QuiltHelperEvents *events, gpointer data, GError **error);

/* Adopts a helper of an earlier quiltd: takes ownership of its connected socket. Its first message
 * shows the version that it understands; messages to it wait for that. */
QuiltHelper *quilt_helper_adopt (int socket, const QuiltHelperEvents *events, gpointer data);

/* Stops the events. The process continues. If it is our child, it is reaped after its end and not
 * before this call, so that its pid is not reused until then. */
void quilt_helper_free (QuiltHelper *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltHelper, quilt_helper_free)

/* Returns 0 for an adopted helper. */
guint32 quilt_helper_get_pid (const QuiltHelper *self);

/* Replaces the functions that are called from now on. */
void quilt_helper_set_events (QuiltHelper *self, const QuiltHelperEvents *events, gpointer data);

/* Sends the message, or keeps it until the helper has sent its first message and read earlier ones.
 * Returns FALSE with errno set if the helper is gone, which closed() reports. */
gboolean quilt_helper_send (QuiltHelper *self, const QuiltMessage *message);
/* Whether the helper does not read, or has sent nothing yet. Each message sent now is kept in
 * memory, so limit their number. */
gboolean quilt_helper_is_clogged (const QuiltHelper *self);
/* Whether the helper answers requests. Helpers of version 1 ignore them. */
gboolean quilt_helper_answers (const QuiltHelper *self);
/* Sends a message with descriptors and a body (or NULL), which the caller keeps. Never keeps the
 * message for later: EAGAIN. */
gboolean quilt_helper_send_body (
    QuiltHelper *self, const QuiltMessage *message, const int *fds, guint n_fds, GBytes *body);

/* Sends SIGKILL, through the pidfd. */
void quilt_helper_kill (QuiltHelper *self);
