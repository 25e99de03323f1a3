/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exec of a container: checks the call, and begins the session. */
#include "daemon/sessions/methods.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "daemon/bus/admission.h"
#include "daemon/bus/caller-fd.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/containers/container.h"
#include "daemon/sessions/check.h"
#include "daemon/sessions/sessions.h"
#include "spec/names.h"
#include "spec/provide.h"

#include <string.h>
#include <sys/stat.h>

/* Freed with its call. */
typedef struct {
  QuiltSessions *sessions;
  const QuiltContainersParts *parts; /* of its containers */
  QuiltCall *call;                   /* owned since the authorization; NULL when answered */
  QuiltContainer *container;
  char *name; /* the name for which the caller was checked */
  QuiltSession session;
  gboolean waits; /* the answer tells the end */
  int stdio[3];
  int leash;
} Exec;

static void
close_streams (Exec *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->stdio); i++)
    quilt_fd_clear (&self->stdio[i]);
  quilt_fd_clear (&self->leash);
}

static void
exec_free (gpointer data)
{
  Exec *self = data;

  close_streams (self);
  quilt_session_clear (&self->session);
  g_clear_object (&self->container);
  g_free (self->name);
  g_free (self);
}

static void
on_over (const QuiltSessionNews *news, gpointer charge)
{
  quilt_charge_release (charge);
}

/* Answers the call when the session has reached the event that the caller waits for. The answer may
 * free data. */
static void
on_reached (const QuiltSessionNews *news, gpointer data)
{
  Exec *self = data;
  QuiltCall *call = g_steal_pointer (&self->call);
  GVariantBuilder results = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  if (news->error) {
    quilt_bus_error_return (call, news->error);
    return;
  }
  g_variant_builder_add (&results, "{sv}", "container",
                         g_variant_new_string (quilt_container_get_record (self->container)->id));
  if (self->waits) {
    g_variant_builder_add (&results, "{sv}", "exit-code", g_variant_new_int32 (news->exit_code));
    g_variant_builder_add (&results, "{sv}", "reason", g_variant_new_string (news->reason));
  }
  if (news->terminal < 0) {
    quilt_call_return (call, g_variant_new ("(sa{sv})", self->session.id, &results));
    return;
  }
  g_variant_builder_add (&results, "{sv}", "terminal", g_variant_new_handle (0));
  quilt_call_return_fd (call, g_variant_new ("(sa{sv})", self->session.id, &results),
                        news->terminal);
}

static gboolean
begin (Exec *self, GError **error)
{
  const QuiltContainerRecord *record = quilt_container_get_record (self->container);
  QuiltSessionPlan plan = {
      .container = record->id,
      .place = quilt_container_get_place (self->container),
      .first = quilt_container_get_pid (self->container),
      .session = &self->session,
      .filter = -1,
      .stdio = {self->stdio[0], self->stdio[1], self->stdio[2]},
      .leash = self->leash,
  };
  QuiltSessionRun *session;
  const char *key;
  guint64 caps;

  if (!quilt_options_get_capabilities (record->options, &caps, error))
    return FALSE;
  quilt_filters_find (self->parts->filters, quilt_options_get_seccomp (record->options), caps,
                      &plan.filter, &key);
  session = quilt_session_begin (self->sessions, &plan, error);
  if (!session)
    return FALSE;
  close_streams (self);
  quilt_call_close_fds (self->call);
  g_free (self->session.id);
  self->session.id = g_strdup (quilt_session_get_values (session)->id);
  quilt_session_await (session, QUILT_SESSION_OVER, on_over, quilt_admission_hold (self->call));
  quilt_session_await (session, self->waits ? QUILT_SESSION_OVER : QUILT_SESSION_EXECUTED,
                       on_reached, self);
  return TRUE;
}

/* Much may have happened since the call arrived. */
static void
begin_if_running (Exec *self)
{
  g_autoptr (GError) error = NULL;

  if (!quilt_session_check_runs (self->container, self->name, &error) || !begin (self, &error))
    quilt_bus_error_return (g_steal_pointer (&self->call), error);
}

static void
on_filter_made (GObject *source, GAsyncResult *result, gpointer data)
{
  Exec *self = data;
  g_autoptr (GError) error = NULL;

  if (quilt_filters_make_finish (result, &error))
    begin_if_running (self);
  else
    quilt_bus_error_return (g_steal_pointer (&self->call), error);
}

static void
authorized (QuiltCall *call, gpointer data)
{
  Exec *self = data;
  const QuiltOptions *options = quilt_container_get_record (self->container)->options;
  const char *profile = quilt_options_get_seccomp (options);
  g_autoptr (GError) error = NULL;
  const char *key;
  guint64 caps;
  int filter;

  self->call = call;
  if (!quilt_options_get_capabilities (options, &caps, &error))
    quilt_bus_error_return (g_steal_pointer (&self->call), error);
  else if (quilt_filters_find (self->parts->filters, profile, caps, &filter, &key))
    begin_if_running (self);
  else
    quilt_filters_make_async (self->parts->filters, profile, caps, on_filter_made, self);
}

/* The reason why the caller needs the power of root beside that to exec; NULL: it does not. */
static const char *
get_privilege (const Exec *self)
{
  const char *own = quilt_container_get_record (self->container)->options->user;

  if (self->session.privileged)
    return "privileged";
  return self->session.user && !quilt_session_is_of_root (self->container) &&
                 !g_str_equal (self->session.user, own)
             ? "user"
             : NULL;
}

static GPtrArray *
new_details (const Exec *self)
{
  GPtrArray *details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  g_ptr_array_add (details, quilt_container_new_details (self->container, "exec"));
  return details;
}

static void
exec_authorized (QuiltCall *call, gpointer data)
{
  Exec *self = data;
  g_autoptr (GPtrArray) details = NULL;

  if (!get_privilege (self)) {
    authorized (call, self);
    return;
  }
  details = new_details (self);
  quilt_authority_require (quilt_hub_get_authority (self->parts->hub), call,
                           QUILT_ACTION_PRIVILEGED, details, authorized, self);
}

static gboolean
refuse (GError **error, const char *key, const char *value, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (value);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to use %s '%s': %s", key,
               quoted, why);
  return FALSE;
}

static gboolean
check_session (const QuiltSession *session, gboolean waits, GError **error)
{
  if (waits && session->terminal) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "'wait' and 'terminal' exclude each other: the answer brings the "
                         "terminal, so it can't wait for the end; call WaitSession after it");
    return FALSE;
  }
  if (!session->args || (*session->args ? !**session->args : !session->login)) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "No command is given, or it contains a NUL byte");
    return FALSE;
  }
  for (char **entry = session->env; entry && *entry; entry++)
    if (**entry == '=' || !strchr (*entry, '='))
      return refuse (error, "env", *entry, "it must be NAME=VALUE");
  if (session->cwd && *session->cwd != '/')
    return refuse (error, "working-directory", session->cwd, "it must be an absolute path");
  if (session->user && !*session->user)
    return refuse (error, "user", session->user, "it must not be empty");
  if (session->id && !quilt_id_check (session->id) &&
      !quilt_container_name_check (session->id, NULL))
    return refuse (error, "session", session->id,
                   "it must have 1 to 64 letters, digits, '_', '.' and '-', and begin with a "
                   "letter or digit");
  return TRUE;
}

static gboolean
take_fd (QuiltCall *call,
         gint32 handle,
         const char *name,
         QuiltCallerFdUse use,
         int *ret_fd,
         GError **error)
{
  guint n_fds;
  const int *fds = quilt_call_get_fds (call, &n_fds);

  *ret_fd = quilt_caller_fd_take (fds, n_fds, handle, name, use, error);
  return *ret_fd >= 0;
}

/* The command's user becomes the owner of the pipe, so it must be the caller's to give. */
static gboolean
take_sink (QuiltCall *call, gint32 handle, const char *name, int *ret_fd, GError **error)
{
  const guint32 uid = quilt_admission_get_uid (call);
  struct stat st;

  if (!take_fd (call, handle, name, QUILT_CALLER_FD_SINK, ret_fd, error))
    return FALSE;
  if (uid == 0 || (fstat (*ret_fd, &st) == 0 && st.st_uid == uid))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "The descriptor for '%s' is a pipe of another user; pass one of your own, and copy "
               "from it",
               name);
  return FALSE;
}

static gboolean
read_options (Exec *self, GVariant *options, GError **error)
{
  QuiltSession *session = &self->session;
  const char *cwd = NULL, *user = NULL, *id = NULL, *provide = NULL;
  guint64 columns = 0, rows = 0;
  gint32 in = -1, out = -1, err = -1, leash = -1;
  gboolean has_in = FALSE, has_out = FALSE, has_err = FALSE, has_leash = FALSE;
  const QuiltDictKey keys[] = {{"env", 'a', &session->env, NULL},
                               {"working-directory", 's', &cwd, NULL},
                               {"user", 's', &user, NULL},
                               {"timeout", 't', &session->timeout_usec, NULL},
                               {"terminal", 'b', &session->terminal, NULL},
                               {"columns", 't', &columns, NULL},
                               {"rows", 't', &rows, NULL},
                               {"login", 'b', &session->login, NULL},
                               {"provide", 's', &provide, NULL},
                               {"privileged", 'b', &session->privileged, NULL},
                               {"session", 's', &id, NULL},
                               {"wait", 'b', &self->waits, NULL},
                               {"stdin", 'h', &in, &has_in},
                               {"stdout", 'h', &out, &has_out},
                               {"stderr", 'h', &err, &has_err},
                               {"leash", 'h', &leash, &has_leash}};

  if (!quilt_dict_read (options, keys, G_N_ELEMENTS (keys), error) ||
      (provide && !quilt_provide_parse (provide, &session->provide, error)))
    return FALSE;
  session->cwd = g_strdup (cwd);
  session->user = g_strdup (user);
  session->id = g_strdup (id);
  session->columns = (guint16)MIN (columns, G_MAXUINT16);
  session->rows = (guint16)MIN (rows, G_MAXUINT16);
  session->owner = quilt_admission_get_uid (self->call);
  return (!has_in ||
          take_fd (self->call, in, "stdin", QUILT_CALLER_FD_PIPE, &self->stdio[0], error)) &&
         (!has_out || take_sink (self->call, out, "stdout", &self->stdio[1], error)) &&
         (!has_err || take_sink (self->call, err, "stderr", &self->stdio[2], error)) &&
         (!has_leash ||
          take_fd (self->call, leash, "leash", QUILT_CALLER_FD_PIPE, &self->leash, error));
}

void
quilt_session_exec (QuiltSessions *sessions,
                    QuiltCall *call,
                    const char *name,
                    GVariant *command,
                    GVariant *options)
{
  QuiltContainer *container;
  Exec *self = g_new0 (Exec, 1);
  g_autoptr (GPtrArray) details = NULL;
  g_autoptr (GError) error = NULL;

  *self = (Exec){.sessions = sessions,
                 .parts = quilt_containers_parts (quilt_sessions_get_containers (sessions)),
                 .call = call,
                 .stdio = {-1, -1, -1},
                 .leash = -1};
  quilt_call_attach (call, "quilt-exec", self, exec_free);
  container = quilt_containers_find (quilt_sessions_get_containers (sessions), name, &error);
  self->session.args = quilt_variant_dup_bytestrings (command);
  if (!container || !read_options (self, options, &error) ||
      !check_session (&self->session, self->waits, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  self->call = NULL;
  self->container = g_object_ref (container);
  self->name = g_strdup (quilt_container_get_name (container));
  details = new_details (self);
  quilt_authority_require (quilt_hub_get_authority (self->parts->hub), call, QUILT_ACTION_EXEC,
                           details, exec_authorized, self);
}
