/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The spare supervisor, made before a start needs it. */
#include "daemon/helpers/spare.h"

#include "base/error.h"

#include <errno.h>

/* The delay of a new template. */
#define REFILL_MS 50

struct QuiltSpare {
  char *program;
  int helpers_fd;
  QuiltHelper *template; /* forks the others; NULL: none */
  QuiltHelper *helper;   /* the supervisor that waits; NULL: none */
  guint refill;
};

static void
on_message (const QuiltMessage *message, gpointer data)
{
}

/* The supervisor has ended by itself. The next start makes its own. */
static void
on_closed (gpointer data)
{
  QuiltSpare *self = data;

  g_clear_pointer (&self->helper, quilt_helper_free);
}

static void
on_template_closed (gpointer data)
{
  QuiltSpare *self = data;

  g_clear_pointer (&self->template, quilt_helper_free);
}

static const QuiltHelperEvents waiting_events = {on_message, on_closed};
static const QuiltHelperEvents template_events = {on_message, on_template_closed};

static QuiltHelper *
execute (QuiltSpare *self, const QuiltHelperEvents *events, gpointer data, GError **error)
{
  const char *const argv[] = {self->program, NULL};

  return quilt_helper_spawn (self->helpers_fd, argv, NULL, 0, events, data, error);
}

/* cgroup: -1: our own. Without a template, the supervisor has to go there itself. */
static QuiltHelper *
make (QuiltSpare *self, int cgroup, const QuiltHelperEvents *events, gpointer data, GError **error)
{
  g_autoptr (GError) why = NULL;
  QuiltHelper *helper;

  if (!self->template)
    return execute (self, events, data, error);
  helper = quilt_helper_fork (self->template, cgroup, events, data, &why);
  if (helper)
    return helper;
  g_warning ("%s; quiltd executes quilt-supervisor instead", why->message);
  quilt_helper_kill (self->template);
  on_template_closed (self);
  return execute (self, events, data, error);
}

QuiltHelper *
quilt_spare_make (QuiltSpare *self, const QuiltHelperEvents *events, gpointer data, GError **error)
{
  return make (self, -1, events, data, error);
}

static gboolean
on_refill (gpointer data)
{
  QuiltSpare *self = data;

  self->refill = 0;
  if (!self->template) /* a start will report the error */
    self->template = execute (self, &template_events, self, NULL);
  if (!self->helper)
    self->helper = make (self, -1, &waiting_events, self, NULL);
  return G_SOURCE_REMOVE;
}

void
quilt_spare_refill (QuiltSpare *self, guint delay_ms)
{
  if (self->refill)
    g_source_remove (self->refill);
  self->refill = g_timeout_add_full (G_PRIORITY_LOW, delay_ms, on_refill, self, NULL);
}

QuiltHelper *
quilt_spare_begin_in (QuiltSpare *self,
                      int cgroup,
                      const QuiltMessage *message,
                      const int *fds,
                      guint n_fds,
                      GBytes *body,
                      const QuiltHelperEvents *events,
                      gpointer data,
                      GError **error)
{
  QuiltHelper *helper = make (self, cgroup, events, data, error);

  if (!self->template)
    quilt_spare_refill (self, REFILL_MS);
  /* If the supervisor ended before it read the message, closed() reports that. */
  if (!helper || quilt_helper_send_body (helper, message, fds, n_fds, body) || errno == EPIPE)
    return helper;
  quilt_set_error_errno (error, errno, "Failed to send '%s' the container to run", self->program);
  quilt_helper_free (helper);
  return NULL;
}

QuiltHelper *
quilt_spare_begin (QuiltSpare *self,
                   const QuiltMessage *message,
                   const int *fds,
                   guint n_fds,
                   GBytes *body,
                   const QuiltHelperEvents *events,
                   gpointer data,
                   GError **error)
{
  QuiltHelper *helper = g_steal_pointer (&self->helper);

  if (helper && quilt_helper_send_body (helper, message, fds, n_fds, body)) {
    quilt_helper_set_events (helper, events, data);
    return helper;
  }
  quilt_helper_free (helper);
  return quilt_spare_begin_in (self, -1, message, fds, n_fds, body, events, data, error);
}

QuiltSpare *
quilt_spare_new (const char *libexec_dir, int helpers_fd)
{
  QuiltSpare *self = g_new0 (QuiltSpare, 1);

  self->program = g_build_filename (libexec_dir, "quilt-supervisor", NULL);
  self->helpers_fd = helpers_fd;
  quilt_spare_refill (self, 0);
  return self;
}

void
quilt_spare_free (QuiltSpare *self)
{
  if (!self)
    return;
  if (self->refill)
    g_source_remove (self->refill);
  quilt_helper_free (self->helper); /* this closes their sockets, so they end */
  quilt_helper_free (self->template);
  g_free (self->program);
  g_free (self);
}
