/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sources of an event loop: any number of descriptors, each with a handler. */
#include "supervisor/streams/sources.h"

typedef struct {
  QuiltSourcePoll poll; /* NULL: the source was removed */
  QuiltSourceHandle handle;
  gpointer data;
} Source;

struct QuiltSources {
  GArray *sources;
  GArray *fds; /* one entry for each source of the last wait */
};

QuiltSources *
quilt_sources_new (void)
{
  QuiltSources *self = g_new0 (QuiltSources, 1);

  self->sources = g_array_new (FALSE, FALSE, sizeof (Source));
  self->fds = g_array_new (FALSE, FALSE, sizeof (struct pollfd));
  return self;
}

void
quilt_sources_free (QuiltSources *self)
{
  g_array_unref (self->sources);
  g_array_unref (self->fds);
  g_free (self);
}

static Source *
get (QuiltSources *self, guint i)
{
  return &g_array_index (self->sources, Source, i);
}

void
quilt_sources_add (QuiltSources *self,
                   QuiltSourcePoll poll,
                   QuiltSourceHandle handle,
                   gpointer data)
{
  const Source source = {poll, handle, data};

  g_array_append_val (self->sources, source);
}

/* Keep the source's place until the next wait, since fds has the same order. */
void
quilt_sources_remove (QuiltSources *self, gconstpointer data)
{
  for (guint i = 0; i < self->sources->len; i++)
    if (get (self, i)->data == data)
      *get (self, i) = (Source){NULL, NULL, NULL};
}

void
quilt_sources_wait (QuiltSources *self, const struct timespec *timeout)
{
  for (guint i = self->sources->len; i > 0; i--)
    if (!get (self, i - 1)->poll)
      g_array_remove_index (self->sources, i - 1);
  g_array_set_size (self->fds, self->sources->len);
  for (guint i = 0; i < self->sources->len; i++)
    g_array_index (self->fds, struct pollfd, i) = get (self, i)->poll (get (self, i)->data);
  if (ppoll ((struct pollfd *)(void *)self->fds->data, self->fds->len, timeout, NULL) <= 0)
    g_array_set_size (self->fds, 0); /* their revents are not valid */
}

void
quilt_sources_handle (QuiltSources *self)
{
  for (guint i = 0; i < self->fds->len; i++) {
    const short revents = g_array_index (self->fds, struct pollfd, i).revents;
    const Source source = *get (self, i);

    if (revents && source.handle)
      source.handle (source.data, revents);
  }
}
