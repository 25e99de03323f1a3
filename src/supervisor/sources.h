/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a loop waits for: any number of descriptors, each with its handler. */
#pragma once

#include <glib.h>
#include <poll.h>
#include <time.h>

typedef struct QuiltSources QuiltSources;

/* Says what to wait for now; a negative fd: for nothing. */
typedef struct pollfd (*QuiltSourcePoll) (gconstpointer data);
typedef void (*QuiltSourceHandle) (gpointer data, short revents);

QuiltSources *quilt_sources_new (void);
void quilt_sources_free (QuiltSources *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSources, quilt_sources_free)

/* Adds a source, which is handled after those that were added before. handle may be NULL: the
 * source only ends the wait. data stays the caller's. */
void quilt_sources_add (QuiltSources *self,
                        QuiltSourcePoll poll,
                        QuiltSourceHandle handle,
                        gpointer data);
/* Removes all sources with this data. A handler may do that, and may add sources: an added source
 * is handled after the next wait. */
void quilt_sources_remove (QuiltSources *self, gconstpointer data);

/* Waits for the first event, or until timeout has passed (NULL: without end). */
void quilt_sources_wait (QuiltSources *self, const struct timespec *timeout);
/* Calls the handlers of the sources that had an event in that wait. */
void quilt_sources_handle (QuiltSources *self);
