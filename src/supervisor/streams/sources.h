/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sources of an event loop: any number of descriptors, each with a handler. */
#pragma once

#include <glib.h>
#include <poll.h>
#include <time.h>

typedef struct QuiltSources QuiltSources;

/* Returns the descriptor and events to wait for now; a negative fd means none. */
typedef struct pollfd (*QuiltSourcePoll) (gconstpointer data);
typedef void (*QuiltSourceHandle) (gpointer data, short revents);

QuiltSources *quilt_sources_new (void);
void quilt_sources_free (QuiltSources *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltSources, quilt_sources_free)

/* Adds a source, which is handled after the sources added before. If handle is NULL, the source
 * only ends the wait. The caller keeps ownership of data. */
void quilt_sources_add (QuiltSources *self,
                        QuiltSourcePoll poll,
                        QuiltSourceHandle handle,
                        gpointer data);
/* Removes all sources with this data. A handler may remove and add sources. An added source is
 * handled after the next wait. */
void quilt_sources_remove (QuiltSources *self, gconstpointer data);

/* Waits for the first event, or until timeout has passed (NULL: no timeout). */
void quilt_sources_wait (QuiltSources *self, const struct timespec *timeout);
/* Calls the handlers of the sources that had an event in the last wait. */
void quilt_sources_handle (QuiltSources *self);
