/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells when a caller has left the bus. */
#pragma once

#include <glib.h>

typedef struct QuiltCallers QuiltCallers;

QuiltCallers *quilt_callers_new (void);
QuiltCallers *quilt_callers_ref (QuiltCallers *self);
void quilt_callers_unref (QuiltCallers *self);

/* Calls func once when the connection of that unique name has left the bus. */
void quilt_callers_watch (QuiltCallers *self,
                          const char *caller,
                          void (*func) (gpointer data),
                          gpointer data);
void quilt_callers_unwatch (QuiltCallers *self, const char *caller, gpointer data);

/* The caller has left the bus. */
void quilt_callers_tell (QuiltCallers *self, const char *caller);
