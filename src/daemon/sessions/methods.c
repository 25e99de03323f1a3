/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The methods on the sessions of a container. */
#include "daemon/sessions/methods.h"

#include "base/error.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/containers/container.h"

/* A call on a session, or on all of a container. Freed with its call. */
typedef struct {
  QuiltSessions *sessions;
  QuiltContainer *container;
  QuiltCall *call; /* WaitSession, while it waits */
  char *session;
  int signal;
} Call;

static void
call_free (gpointer data)
{
  Call *self = data;

  g_object_unref (self->container);
  g_free (self->session);
  g_free (self);
}

/* Returns the container that has a session of exactly this ID. Callers may choose IDs, so several
 * containers may have one: then the caller has to name the container. */
static QuiltContainer *
locate (QuiltSessions *sessions, const char *session, GError **error)
{
  g_autofree const char **ids = quilt_sessions_list_containers (sessions);
  const char *found = NULL;
  guint n = 0;

  for (const char **id = ids; *id; id++)
    if (quilt_sessions_has (sessions, *id, session)) {
      found = *id;
      n++;
    }
  if (n == 1)
    return quilt_containers_find (quilt_sessions_get_containers (sessions), found, error);
  g_set_error (error, QUILT_ERROR, n == 0 ? QUILT_ERROR_NOT_FOUND : QUILT_ERROR_AMBIGUOUS,
               n == 0 ? "No container has a session '%s'"
                      : "More than one container has a session '%s': name the container",
               session);
  return NULL;
}

/* name: "" for the container that has the session. */
static QuiltContainer *
find_container (QuiltSessions *sessions, const char *name, const char *session, GError **error)
{
  return *name || !session
             ? quilt_containers_find (quilt_sessions_get_containers (sessions), name, error)
             : locate (sessions, session, error);
}

/* Answers the call with an error if it can't be read. */
static void
require (QuiltSessions *sessions,
         QuiltCall *call,
         const char *name,
         const char *session,
         int signal,
         GVariant *options,
         QuiltAuthorizedFunc func)
{
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_autoptr (GError) error = NULL;
  QuiltContainer *container = find_container (sessions, name, session, &error);
  Call *self;

  if (!container || !quilt_dict_read (options, NULL, 0, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  self = g_new0 (Call, 1);
  self->sessions = sessions;
  self->container = g_object_ref (container);
  self->session = g_strdup (session);
  self->signal = signal;
  quilt_call_attach (call, "quilt-session-call", self, call_free);
  g_ptr_array_add (details, quilt_container_new_details (container, "exec"));
  quilt_authority_require (quilt_container_get_authority (container), call, QUILT_ACTION_EXEC,
                           details, func, self);
}

static GVariant *
new_row (const QuiltSessionRun *session)
{
  const QuiltSession *plan = quilt_session_get_values (session);
  GVariantBuilder row = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&row, "{sv}", "session", g_variant_new_string (plan->id));
  g_variant_builder_add (&row, "{sv}", "command",
                         g_variant_new_bytestring_array ((const char *const *)plan->args, -1));
  g_variant_builder_add (&row, "{sv}", "user", g_variant_new_string (plan->user ? plan->user : ""));
  g_variant_builder_add (&row, "{sv}", "owner", g_variant_new_uint32 (plan->owner));
  g_variant_builder_add (&row, "{sv}", "terminal", g_variant_new_boolean (plan->terminal));
  g_variant_builder_add (&row, "{sv}", "pid",
                         g_variant_new_uint32 (quilt_session_get_pid (session)));
  g_variant_builder_add (&row, "{sv}", "started",
                         g_variant_new_uint64 (quilt_session_get_started (session)));
  return g_variant_builder_end (&row);
}

static void
list (QuiltCall *call, gpointer data)
{
  const Call *self = data;
  g_autoptr (GPtrArray) sessions =
      quilt_sessions_list (self->sessions, quilt_container_get_record (self->container)->id);
  GVariantBuilder rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < sessions->len; i++)
    g_variant_builder_add_value (&rows, new_row (sessions->pdata[i]));
  quilt_call_return (call, g_variant_new ("(aa{sv})", &rows));
}

void
quilt_sessions_answer_list (QuiltSessions *sessions,
                            QuiltCall *call,
                            const char *name,
                            GVariant *options)
{
  require (sessions, call, name, NULL, 0, options, list);
}

static QuiltSessionRun *
look_up (const Call *self, GError **error)
{
  return quilt_sessions_find (self->sessions, quilt_container_get_record (self->container)->id,
                              self->session, error);
}

/* Answers the call with an error if there is no such session. */
static QuiltSessionRun *
find (const Call *self, QuiltCall *call)
{
  g_autoptr (GError) error = NULL;
  QuiltSessionRun *session = look_up (self, &error);

  if (!session)
    quilt_bus_error_return (call, error);
  return session;
}

static void
on_over (const QuiltSessionNews *news, gpointer data)
{
  Call *self = data;
  QuiltCall *call = g_steal_pointer (&self->call);

  quilt_call_unwatch_caller (call, self);
  if (news->error)
    quilt_bus_error_return (call, news->error);
  else
    quilt_call_return (call, g_variant_new ("(is)", news->exit_code, news->reason));
}

/* Frees self. */
static void
on_caller_gone (gpointer data)
{
  Call *self = data;
  QuiltSessionRun *session = look_up (self, NULL);

  if (session)
    quilt_session_cancel (session, self);
  quilt_call_unref (self->call);
}

static void
wait (QuiltCall *call, gpointer data)
{
  Call *self = data;
  QuiltSessionRun *session = find (self, call);

  if (!session)
    return;
  /* Later, another session could be meant by what the caller gave, such as a part of the ID. */
  g_free (self->session);
  self->session = g_strdup (quilt_session_get_values (session)->id);
  self->call = call;
  quilt_call_watch_caller (call, on_caller_gone, self);
  quilt_session_await (session, QUILT_SESSION_OVER, on_over, self);
}

void
quilt_sessions_answer_wait (QuiltSessions *sessions,
                            QuiltCall *call,
                            const char *name,
                            const char *session,
                            GVariant *options)
{
  require (sessions, call, name, session, 0, options, wait);
}

static void
kill_one (QuiltCall *call, gpointer data)
{
  const Call *self = data;
  QuiltSessionRun *session = find (self, call);

  if (!session)
    return;
  quilt_session_kill (session, self->signal);
  quilt_call_return (call, NULL);
}

void
quilt_sessions_answer_kill (QuiltSessions *sessions,
                            QuiltCall *call,
                            const char *name,
                            const char *session,
                            int signal,
                            GVariant *options)
{
  g_autoptr (GError) error = NULL;

  if (signal >= 1 && signal <= 64) {
    require (sessions, call, name, session, signal, options, kill_one);
    return;
  }
  error = g_error_new (QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                       "There is no signal %d: a signal is 1 to 64", signal);
  quilt_bus_error_return (call, error);
}
