/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A supervisor that was made ahead of need, so that a start does not wait for that. quiltd executes
 * one, the template, and has it fork the others. */
#pragma once

#include "daemon/helpers/helper.h"

typedef struct QuiltSpare QuiltSpare;

/* libexec_dir holds quilt-supervisor; helpers_fd is the same, as quilt_helper_open_dir() gives it,
 * and the caller's. */
QuiltSpare *quilt_spare_new (const char *libexec_dir, int helpers_fd);
/* Ends the supervisor that waits, and the template. */
void quilt_spare_free (QuiltSpare *self);

/* A supervisor that was sent message with the descriptors (QUILT_MESSAGE_BEGIN): the one that
 * waits, or a new one. NULL with error: of quilt_helper_spawn(), FAILED. */
QuiltHelper *quilt_spare_begin (QuiltSpare *self,
                                const QuiltMessage *message,
                                const int *fds,
                                guint n_fds,
                                const QuiltHelperEvents *events,
                                gpointer data,
                                GError **error);

/* Has one wait again, after so long and when there is nothing else to do. */
void quilt_spare_refill (QuiltSpare *self, guint delay_ms);
