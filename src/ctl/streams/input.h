/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Passes our stdin on to a command in a container. */
#pragma once

#include <glib.h>

typedef struct {
  int unread; /* the reading end of the pipe that stdin is copied to; -1: none */
} QuiltStdin;

#define QUILT_STDIN_INIT                                                                           \
  {                                                                                                \
    .unread = -1                                                                                   \
  }

/* Whether quiltd takes the descriptor from us: the end of a pipe made by pipe(2). mode: O_RDONLY or
 * O_WRONLY. */
gboolean quilt_is_plain_pipe (int fd, int mode);

/* Returns a descriptor that the command can read our stdin from, owned by the caller: stdin itself
 * if it is a pipe, which we close then; otherwise a pipe, which a thread fills until quiltctl ends.
 * Returns -1 with errno set. */
int quilt_stdin_open (QuiltStdin *self);

/* The command has ended. If stdin is a regular file, input that the command has not read stays for
 * the next reader. */
void quilt_stdin_clear (QuiltStdin *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltStdin, quilt_stdin_clear)
