/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to quiltd: plain ones, since a proxy would cost round trips that a one-shot client loses.
 */
#include "ctl/bus.h"

#include "base/error.h"
#include "base/text.h"
#include "ctl/agent.h"
#include "ctl/signals.h"

#include <gio/gunixsocketaddress.h>
#include <string.h>

#define ERROR_PREFIX "org.quilt.Error."
#define SYSTEM_BUS_PATH "/run/dbus/system_bus_socket"
/* The most that quiltd takes in one call. */
#define NAMES_MAX 1024
#define NOT_RUNNING "quiltd does not run; start it by: systemctl start quiltd"

/* By hand and not by g_bus_get_sync(): that one looks for proxies and modules, and takes 0.3 ms
 * more. NULL without an error where the address is not that of a plain socket. */
static GIOStream *
open_socket (const char *address, GError **error)
{
  static const char prefix[] = "unix:path=";
  const char *path = address ? address + strlen (prefix) : SYSTEM_BUS_PATH;
  g_autoptr (GSocketAddress) target = NULL;
  g_autoptr (GSocket) socket = NULL;

  if (address && (!g_str_has_prefix (address, prefix) || strpbrk (path, ",;%")))
    return NULL;
  socket = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, 0, error);
  target = g_unix_socket_address_new (path);
  if (!socket || !g_socket_connect (socket, target, NULL, error))
    return NULL;
  return G_IO_STREAM (g_socket_connection_factory_create_connection (socket));
}

static gpointer
make_connection (gpointer data)
{
  GError **error = data;
  const GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                     G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
  const char *address = g_getenv ("DBUS_SYSTEM_BUS_ADDRESS");
  g_autoptr (GIOStream) stream = open_socket (address, error);

  if (stream)
    return g_dbus_connection_new_sync (stream, NULL, flags, NULL, NULL, error);
  if (*error)
    return NULL;
  return g_dbus_connection_new_for_address_sync (address, flags, NULL, NULL, error);
}

/* GDBus's own thread must not take our signals, and inherits the blocked ones from the thread that
 * makes the connection. So another thread makes it: the main thread blocks none while it waits, and
 * Ctrl-C ends us if the bus does not answer. */
gboolean
quilt_bus_connect (QuiltCtl *ctl, GError **error)
{
  g_autoptr (GError) cause = NULL;
  GThread *maker;
  sigset_t mask;

  if (ctl->connection && !g_dbus_connection_is_closed (ctl->connection))
    return TRUE;
  g_clear_object (&ctl->connection);
  quilt_signals_block (&mask);
  maker = g_thread_new ("connect", make_connection, &cause);
  sigprocmask (SIG_SETMASK, &mask, NULL);
  ctl->connection = g_thread_join (maker);
  if (!ctl->connection) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to connect to the system bus: %s; is dbus running?", cause->message);
    return FALSE;
  }
  quilt_agent_start (ctl);
  return TRUE;
}

GDBusCallFlags
quilt_bus_call_flags (const QuiltCtl *ctl)
{
  return ctl->no_ask_password ? G_DBUS_CALL_FLAGS_NONE
                              : G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
}

static const char *const lost_errors[] = {
    "org.freedesktop.DBus.Error.NoReply",        "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner", "org.freedesktop.DBus.Error.Disconnected",
    "org.freedesktop.DBus.Error.TimedOut",       NULL};

/* Activation that failed; systemd's own words for it say "Unit quiltd.service not found". */
static gboolean
is_absent (const char *name)
{
  return strcmp (name, "org.freedesktop.DBus.Error.ServiceUnknown") == 0 ||
         strcmp (name, "org.freedesktop.DBus.Error.NameHasNoOwner") == 0 ||
         g_str_has_prefix (name, "org.freedesktop.DBus.Error.Spawn.") ||
         g_str_has_prefix (name, "org.freedesktop.systemd1.");
}

void
quilt_bus_fix_error (GError **error)
{
  g_autofree char *name = *error ? g_dbus_error_get_remote_error (*error) : NULL;
  g_autoptr (GError) old = NULL;

  if (!name)
    return;
  g_dbus_error_strip_remote_error (*error);
  old = g_steal_pointer (error);
  if (g_str_has_prefix (name, ERROR_PREFIX))
    g_set_error_literal (error, QUILT_ERROR, quilt_error_from_name (name + strlen (ERROR_PREFIX)),
                         old->message);
  else if (strstr (old->message, " is masked"))
    g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN,
                         "quiltd does not run, and its unit is masked: systemctl unmask quiltd, "
                         "then systemctl start quiltd");
  else if (is_absent (name))
    g_set_error (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN, NOT_RUNNING " (%s)",
                 old->message);
  else if (strcmp (name, "org.freedesktop.DBus.Error.NoReply") == 0)
    g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY,
                         "quiltd went away before it answered; see: systemctl status quiltd");
  else
    g_set_error (error, old->domain, old->code, "Failed to ask quiltd: %s", old->message);
}

gboolean
quilt_bus_error_is_lost (const GError *error)
{
  g_autofree char *name = g_dbus_error_get_remote_error (error);

  if (name)
    return g_strv_contains (lost_errors, name) || is_absent (name);
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
         g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN);
}

GVariant *
quilt_bus_no_options (void)
{
  return g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0);
}

GVariant *
quilt_bus_call (QuiltCtl *ctl,
                const char *path,
                const char *interface,
                const char *method,
                GVariant *args,
                const char *reply_type,
                GError **error)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (args);
  GVariant *reply;
  GError *cause = NULL;

  if (!quilt_bus_connect (ctl, error))
    return NULL;
  reply = g_dbus_connection_call_sync (ctl->connection, QUILT_BUS_NAME, path, interface, method,
                                       owned, G_VARIANT_TYPE (reply_type),
                                       quilt_bus_call_flags (ctl), G_MAXINT, NULL, &cause);
  if (!reply) {
    quilt_bus_fix_error (&cause);
    g_propagate_error (error, cause);
  }
  return reply;
}

GVariant *
quilt_bus_call_manager (
    QuiltCtl *ctl, const char *method, GVariant *args, const char *reply_type, GError **error)
{
  return quilt_bus_call (ctl, QUILT_BUS_PATH, QUILT_BUS_MANAGER, method, args, reply_type, error);
}

gboolean
quilt_bus_check_text (const char *what, const char *text, GError **error)
{
  g_autofree char *quoted = NULL;

  if (g_utf8_validate (text, -1, NULL))
    return TRUE;
  quoted = quilt_text_quote (text);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read %s '%s': must be UTF-8", what, quoted);
  return FALSE;
}

static char *
get_path (QuiltCtl *ctl, const char *method, const char *what, const char *name, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  char *path;

  if (!quilt_bus_check_text (what, name, error))
    return NULL;
  reply = quilt_bus_call_manager (ctl, method, g_variant_new ("(s)", name), "(o)", error);
  if (!reply)
    return NULL;
  g_variant_get (reply, "(o)", &path);
  return path;
}

char *
quilt_bus_container_path (QuiltCtl *ctl, const char *name, GError **error)
{
  return get_path (ctl, "GetContainer", "container name", name, error);
}

char *
quilt_bus_image_path (QuiltCtl *ctl, const char *name, GError **error)
{
  return get_path (ctl, "GetImage", "image name", name, error);
}

GVariant *
quilt_bus_list_containers (QuiltCtl *ctl, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply = quilt_bus_call_manager (
      ctl, "ListContainers",
      g_variant_new ("(@a{sv})", options ? options : quilt_bus_no_options ()),
      "(a(ossssstttisua{ss}))", error);

  return reply ? g_variant_get_child_value (reply, 0) : NULL;
}

GVariant *
quilt_bus_list_images (QuiltCtl *ctl, GError **error)
{
  g_autoptr (GVariant) reply = quilt_bus_call_manager (
      ctl, "ListImages", g_variant_new ("(@a{sv})", quilt_bus_no_options ()), "(a(osastt))", error);

  return reply ? g_variant_get_child_value (reply, 0) : NULL;
}

GVariant *
quilt_bus_get_all (QuiltCtl *ctl, const char *path, const char *interface, GError **error)
{
  g_autoptr (GVariant) reply = quilt_bus_call (ctl, path, QUILT_BUS_PROPERTIES, "GetAll",
                                               g_variant_new ("(s)", interface), "(a{sv})", error);

  return reply ? g_variant_get_child_value (reply, 0) : NULL;
}

/* args with n of its names, from first on. */
static GVariant *
slice_names (GVariant *args, gsize first, gsize n)
{
  g_autoptr (GVariant) names = g_variant_get_child_value (args, 0);
  GVariantBuilder builder, slice;

  g_variant_builder_init (&slice, G_VARIANT_TYPE_STRING_ARRAY);
  for (gsize i = first; i < first + n; i++) {
    g_autoptr (GVariant) name = g_variant_get_child_value (names, i);

    g_variant_builder_add_value (&slice, name);
  }
  g_variant_builder_init (&builder, G_VARIANT_TYPE_TUPLE);
  g_variant_builder_add_value (&builder, g_variant_builder_end (&slice));
  for (gsize i = 1; i < g_variant_n_children (args); i++) {
    g_autoptr (GVariant) other = g_variant_get_child_value (args, i);

    g_variant_builder_add_value (&builder, other);
  }
  return g_variant_builder_end (&builder);
}

static int
call_some (QuiltCtl *ctl, const char *method, GVariant *args)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariantIter) failures = NULL;
  g_autoptr (GError) error = NULL;
  const char *name, *message;
  int code = 0;

  reply = quilt_bus_call_manager (ctl, method, args, "(a(sss))", &error);
  if (!reply)
    return quilt_ctl_fail (ctl, error);
  g_variant_get (reply, "(a(sss))", &failures);
  while (g_variant_iter_next (failures, "(&s&s&s)", &name, NULL, &message)) {
    if (strstr (message, name))
      quilt_ctl_warn ("%s", message);
    else
      quilt_ctl_warn ("%s: %s", name, message);
    code = QUILT_EXIT_FAILURE;
  }
  return code;
}

int
quilt_bus_call_bulk (QuiltCtl *ctl, const char *method, GVariant *args)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (args);
  g_autoptr (GVariant) names = g_variant_get_child_value (owned, 0);
  const gsize n = g_variant_n_children (names);
  int code = 0;

  for (gsize first = 0; first < MAX (n, 1); first += NAMES_MAX) {
    int some =
        call_some (ctl, method, slice_names (owned, first, MIN (n - first, (gsize)NAMES_MAX)));

    code = code ? code : some;
  }
  return code;
}
