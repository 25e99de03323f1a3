/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A session as values: one more process of a running container (exec). */
#include "spec/oci/session.h"

#include "base/error.h"
#include "base/json.h"
#include "spec/capabilities.h"
#include "spec/oci/environment.h"

#define SIZE_MAX_BYTES (4 * 1024 * 1024)

/* The members as JSON has them. */
typedef struct {
  QuiltSession session;
  guint64 columns, rows, owner, provide;
} Read;

#define MEMBER(name) G_STRUCT_OFFSET (Read, name)

static const QuiltField fields[] = {
    {"args", QUILT_FIELD_ARRAY, quilt_field_strv, MEMBER (session.args)},
    {"env", QUILT_FIELD_ARRAY, quilt_field_strv, MEMBER (session.env)},
    {"cwd", QUILT_FIELD_STRING, quilt_field_string, MEMBER (session.cwd)},
    {"user", QUILT_FIELD_STRING, quilt_field_string, MEMBER (session.user)},
    {"timeout", QUILT_FIELD_INT, quilt_field_uint64, MEMBER (session.timeout_usec)},
    {"terminal", QUILT_FIELD_BOOL, quilt_field_bool, MEMBER (session.terminal)},
    {"columns", QUILT_FIELD_INT, quilt_field_uint64, MEMBER (columns)},
    {"rows", QUILT_FIELD_INT, quilt_field_uint64, MEMBER (rows)},
    {"login", QUILT_FIELD_BOOL, quilt_field_bool, MEMBER (session.login)},
    {"provide", QUILT_FIELD_INT, quilt_field_uint64, MEMBER (provide)},
    {"privileged", QUILT_FIELD_BOOL, quilt_field_bool, MEMBER (session.privileged)},
    {"id", QUILT_FIELD_STRING, quilt_field_string, MEMBER (session.id)},
    {"owner", QUILT_FIELD_INT, quilt_field_uint64, MEMBER (owner)},
    {NULL},
};

void
quilt_session_clone (const QuiltSession *self, QuiltSession *ret_session)
{
  *ret_session = *self;
  ret_session->args = g_strdupv (self->args);
  ret_session->env = g_strdupv (self->env);
  ret_session->cwd = g_strdup (self->cwd);
  ret_session->user = g_strdup (self->user);
  ret_session->id = g_strdup (self->id);
}

void
quilt_session_clear (QuiltSession *self)
{
  g_clear_pointer (&self->args, g_strfreev);
  g_clear_pointer (&self->env, g_strfreev);
  g_clear_pointer (&self->cwd, g_free);
  g_clear_pointer (&self->user, g_free);
  g_clear_pointer (&self->id, g_free);
}

static void
add (json_object *object, const char *key, json_object *value)
{
  json_object_object_add (object, key, value);
}

char *
quilt_session_print (const QuiltSession *self)
{
  g_autoptr (json_object) object = json_object_new_object ();

  add (object, "args", quilt_json_new_strv ((const char *const *)self->args));
  if (self->env)
    add (object, "env", quilt_json_new_strv ((const char *const *)self->env));
  if (self->cwd)
    add (object, "cwd", json_object_new_string (self->cwd));
  if (self->user)
    add (object, "user", json_object_new_string (self->user));
  if (self->timeout_usec > 0)
    add (object, "timeout", json_object_new_uint64 (self->timeout_usec));
  if (self->terminal)
    add (object, "terminal", json_object_new_boolean (TRUE));
  if (self->columns > 0)
    add (object, "columns", json_object_new_int (self->columns));
  if (self->rows > 0)
    add (object, "rows", json_object_new_int (self->rows));
  if (self->login)
    add (object, "login", json_object_new_boolean (TRUE));
  if (self->provide)
    add (object, "provide", json_object_new_int64 (self->provide));
  if (self->privileged)
    add (object, "privileged", json_object_new_boolean (TRUE));
  if (self->id)
    add (object, "id", json_object_new_string (self->id));
  add (object, "owner", json_object_new_int64 (self->owner));
  return quilt_json_print (object, FALSE);
}

gboolean
quilt_session_parse (const char *data, gsize length, QuiltSession *ret_session, GError **error)
{
  g_autoptr (json_object) object = quilt_json_parse (data, length, SIZE_MAX_BYTES, error);
  Read read = {0};

  if (object && quilt_json_read (fields, object, "session", &read, error)) {
    read.session.columns = (guint16)MIN (read.columns, G_MAXUINT16);
    read.session.rows = (guint16)MIN (read.rows, G_MAXUINT16);
    read.session.owner = (guint32)read.owner;
    read.session.provide = (guint)read.provide;
    *ret_session = read.session;
    return TRUE;
  }
  quilt_session_clear (&read.session);
  return FALSE;
}

static void
replace (char **member, const char *value)
{
  if (!value)
    return;
  g_free (*member);
  *member = g_strdup (value);
}

static void
use_privileges (QuiltSpec *spec)
{
  QuiltProcess *process = &spec->process;
  guint64 all = quilt_capabilities_all ();

  process->has_capabilities = TRUE;
  process->capabilities = (QuiltCapabilities){
      .bounding = all, .effective = all, .permitted = all, .inheritable = 0, .ambient = 0};
  process->no_new_privileges = FALSE;
  g_clear_pointer (&spec->filter, g_bytes_unref);
  g_clear_pointer (&spec->seccomp, quilt_seccomp_free);
  g_hash_table_remove (spec->annotations, QUILT_ANNOTATION_SECCOMP);
}

static gboolean
is_of_user (const char *entry, gboolean login)
{
  static const char *const prefixes[] = {"HOME=", "USER=", "LOGNAME=", "SHELL="};

  for (guint i = 0; login && i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (entry, prefixes[i]))
      return TRUE;
  return g_str_equal (entry, "HOME=/root");
}

/* The plan of a container without a user has the home of root. The session's user has another. A
 * login has all variables of its user from the container's /etc/passwd. */
static void
drop_user (QuiltProcess *process, gboolean login)
{
  char **kept = process->env;

  for (char **entry = process->env; entry && *entry; entry++)
    if (is_of_user (*entry, login))
      g_free (*entry);
    else
      *kept++ = *entry;
  if (kept)
    *kept = NULL;
}

static gboolean
has_variable (const QuiltProcess *process, const char *prefix)
{
  for (char **entry = process->env; entry && *entry; entry++)
    if (g_str_has_prefix (*entry, prefix))
      return TRUE;
  return FALSE;
}

void
quilt_session_apply (const QuiltSession *self, QuiltSpec *spec)
{
  QuiltProcess *process = &spec->process;

  g_strfreev (process->args);
  process->args = g_strdupv (self->args);
  if (self->user || self->login)
    drop_user (process, self->login);
  if (self->terminal && !has_variable (process, "TERM="))
    quilt_environment_set (process, "TERM", "xterm");
  if (self->env)
    quilt_environment_add (process, self->env);
  quilt_environment_provide (process, self->provide);
  process->login = self->login;
  if (self->login)
    g_clear_pointer (&process->cwd, g_free);
  replace (&process->cwd, self->cwd);
  if (self->user) {
    g_hash_table_replace (spec->annotations, g_strdup (QUILT_ANNOTATION_USER),
                          g_strdup (self->user));
    g_hash_table_remove (spec->annotations, QUILT_ANNOTATION_GROUPS);
  }
  process->terminal = self->terminal;
  process->has_console_size = self->columns > 0 && self->rows > 0;
  process->console_width = self->columns;
  process->console_height = self->rows;
  if (self->privileged)
    use_privileges (spec);
}
