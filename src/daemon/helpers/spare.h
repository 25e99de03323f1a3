/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The spare supervisor, made before a start needs it, so that a start does not wait for it. quiltd
 * executes one supervisor, the template, which forks the others. */
#pragma once

#include "daemon/helpers/helper.h"

typedef struct QuiltSpare QuiltSpare;

/* libexec_dir contains quilt-supervisor. helpers_fd is that directory as quilt_helper_open_dir()
 * returns it, and is borrowed. */
QuiltSpare *quilt_spare_new (const char *libexec_dir, int helpers_fd);
/* Ends the spare supervisor and the template. */
void quilt_spare_free (QuiltSpare *self);

/* Returns a supervisor that was sent message with the descriptors and the body (or NULL), which the
 * caller keeps (QUILT_MESSAGE_BEGIN and ENTER): the spare one, or a new one. Returns NULL with the
 * errors of quilt_helper_spawn(), or FAILED. */
QuiltHelper *quilt_spare_begin (QuiltSpare *self,
                                const QuiltMessage *message,
                                const int *fds,
                                guint n_fds,
                                GBytes *body,
                                const QuiltHelperEvents *events,
                                gpointer data,
                                GError **error);

/* Returns another supervisor, which waits for its first message. Errors as above. */
QuiltHelper *
quilt_spare_make (QuiltSpare *self, const QuiltHelperEvents *events, gpointer data, GError **error);

/* As quilt_spare_begin(), with a new supervisor that is born in a cgroup, given by its directory.
 */
QuiltHelper *quilt_spare_begin_in (QuiltSpare *self,
                                   int cgroup,
                                   const QuiltMessage *message,
                                   const int *fds,
                                   guint n_fds,
                                   GBytes *body,
                                   const QuiltHelperEvents *events,
                                   gpointer data,
                                   GError **error);

/* Makes a new spare after delay_ms, when quiltd is idle. */
void quilt_spare_refill (QuiltSpare *self, guint delay_ms);
