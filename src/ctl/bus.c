/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls to quiltd, without proxies: their round trips would slow down a one-shot client. */
#include "ctl/bus.h"

#include "base/option-error.h"
#include "base/text.h"
#include "ctl/agent.h"
#include "dbus/open.h"

#include <poll.h>
#include <string.h>

#define ERROR_PREFIX "org.quilt.Error."
/* The largest number of names that quiltd accepts in one call. */
#define NAMES_MAX 1024
/* How long to try again while the bus has as much as it allows; the first pause between two
 * attempts, and the longest. */
#define FULL_USEC (120 * G_USEC_PER_SEC)
#define FULL_PAUSE_MSEC 50
#define FULL_PAUSE_MAX_MSEC 1000
#define NOT_RUNNING "quiltd does not run; start it by: systemctl start quiltd"

const QuiltDbusMatch quilt_bus_owner_changed = {
    .sender = "org.freedesktop.DBus",
    .interface = "org.freedesktop.DBus",
    .member = "NameOwnerChanged",
    .path = "/org/freedesktop/DBus",
    .arg0 = QUILT_BUS_NAME,
};

/* Of attempts while the bus is full. */
typedef struct {
  gint64 deadline;
  gint32 pause;
} Patience;

static Patience
be_patient (void)
{
  return (Patience){g_get_monotonic_time () + FULL_USEC, FULL_PAUSE_MSEC};
}

gboolean
quilt_bus_error_is_full (const GError *error)
{
  return g_strcmp0 (quilt_dbus_error_get_name (error),
                    "org.freedesktop.DBus.Error.LimitsExceeded") == 0;
}

/* If many clients start at once, most of them end soon, so the others wait. Attempts cost the bus
 * time too, so they become rarer. Returns FALSE if the attempt did not fail for that reason, or the
 * time is over. Clears the error of an attempt that is to be repeated. */
static gboolean
wait_while_full (Patience *patience, GError **error)
{
  const gint32 pause = patience->pause;

  if (!quilt_bus_error_is_full (*error) || g_get_monotonic_time () >= patience->deadline)
    return FALSE;
  g_clear_error (error);
  poll (NULL, 0, g_random_int_range (pause / 2, pause)); /* there is no event to wait for */
  patience->pause = MIN (2 * pause, FULL_PAUSE_MAX_MSEC);
  return TRUE;
}

/* dbus-daemon allows each user 256 connections at a time by default. */
static QuiltDbus *
open_bus (GError **error)
{
  const char *address = g_getenv ("DBUS_SYSTEM_BUS_ADDRESS");
  g_autoptr (GError) cause = NULL;
  Patience patience = be_patient ();
  QuiltDbus *bus;

  while (!(bus = quilt_dbus_open (address, &cause)) && wait_while_full (&patience, &cause))
    ;
  if (!bus)
    g_propagate_error (error, g_steal_pointer (&cause));
  return bus;
}

gboolean
quilt_bus_connect (QuiltCtl *ctl, GError **error)
{
  g_autoptr (GError) cause = NULL;

  if (ctl->connection && !quilt_dbus_is_closed (ctl->connection))
    return TRUE;
  g_clear_pointer (&ctl->connection, quilt_dbus_close);
  ctl->connection = open_bus (&cause);
  if (!ctl->connection) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "Failed to connect to the system bus: %s; is dbus running?", cause->message);
    return FALSE;
  }
  quilt_agent_start (ctl);
  return TRUE;
}

static const char *const lost_errors[] = {
    "org.freedesktop.DBus.Error.NoReply",        "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner", "org.freedesktop.DBus.Error.Disconnected",
    "org.freedesktop.DBus.Error.TimedOut",       NULL};

/* The bus failed to activate quiltd. systemd's message would only say "Unit quiltd.service not
 * found". */
static gboolean
is_absent (const char *name)
{
  return strcmp (name, "org.freedesktop.DBus.Error.ServiceUnknown") == 0 ||
         strcmp (name, "org.freedesktop.DBus.Error.NameHasNoOwner") == 0 ||
         g_str_has_prefix (name, "org.freedesktop.DBus.Error.Spawn.") ||
         g_str_has_prefix (name, "org.freedesktop.systemd1.");
}

static char *
reword (const char *name, const char *message)
{
  if (strstr (message, " is masked"))
    return g_strdup ("quiltd does not run, and its unit is masked: systemctl unmask quiltd, then "
                     "systemctl start quiltd");
  if (is_absent (name))
    return g_strdup_printf (NOT_RUNNING " (%s)", message);
  if (strcmp (name, "org.freedesktop.DBus.Error.TimedOut") == 0)
    return g_strdup_printf ("quiltd did not start (%s); see: systemctl status quiltd", message);
  if (strcmp (name, "org.freedesktop.DBus.Error.NoReply") == 0)
    return g_strdup ("quiltd went away before it answered; see: systemctl status quiltd");
  return g_strdup_printf ("Failed to ask quiltd: %s", message);
}

/* Attaches the details of an option's error, which quiltd sends if the call had
 * QUILT_BUS_ERROR_DETAILS. */
static void
adopt_details (GError *error, GVariant *details)
{
  const char *key, *problem;

  if (details && g_variant_lookup (details, "option", "&s", &key) &&
      g_variant_lookup (details, "problem", "&s", &problem))
    quilt_option_error_attach (error, key, problem);
}

void
quilt_bus_fix_error (GError **error)
{
  const char *name = *error ? quilt_dbus_error_get_name (*error) : NULL;
  g_autofree char *message = NULL;

  if (!name)
    return;
  if (g_str_has_prefix (name, ERROR_PREFIX)) {
    g_autoptr (GError) old = g_steal_pointer (error);

    g_set_error_literal (error, QUILT_ERROR, quilt_error_from_name (name + strlen (ERROR_PREFIX)),
                         old->message);
    adopt_details (*error, quilt_dbus_error_get_details (old));
    return;
  }
  message = g_steal_pointer (&(*error)->message);
  (*error)->message = reword (name, message);
}

gboolean
quilt_bus_error_is_lost (const GError *error)
{
  const char *name = quilt_dbus_error_get_name (error);

  if (name)
    return g_strv_contains (lost_errors, name) || is_absent (name);
  return g_error_matches (error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED);
}

GVariant *
quilt_bus_no_options (void)
{
  return g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0);
}

QuiltDbusCall
quilt_bus_make_call (const QuiltCtl *ctl,
                     const char *path,
                     const char *interface,
                     const char *method,
                     GVariant *args,
                     const char *reply_type)
{
  return (QuiltDbusCall){
      .destination = QUILT_BUS_NAME,
      .path = path,
      .interface = interface,
      .method = method,
      .args = args,
      .reply_type = reply_type,
      .flags = ctl->no_ask_password ? 0 : QUILT_DBUS_ALLOW_INTERACTIVE_AUTHORIZATION,
  };
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
  const QuiltDbusCall call = quilt_bus_make_call (ctl, path, interface, method, owned, reply_type);
  g_auto (QuiltDbusReply) reply = {0};
  Patience patience = be_patient ();

  if (!quilt_bus_connect (ctl, error))
    return NULL;
  do
    quilt_dbus_call_sync (ctl->connection, &call, -1, &reply);
  while (!reply.body && wait_while_full (&patience, &reply.error));
  if (!reply.body) {
    quilt_bus_fix_error (&reply.error);
    g_propagate_error (error, g_steal_pointer (&reply.error));
  }
  return g_steal_pointer (&reply.body);
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
quilt_bus_list_images (QuiltCtl *ctl, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply = quilt_bus_call_manager (
      ctl, "ListImages", g_variant_new ("(@a{sv})", options ? options : quilt_bus_no_options ()),
      "(a(osastt))", error);

  return reply ? g_variant_get_child_value (reply, 0) : NULL;
}

GVariant *
quilt_bus_get_all (QuiltCtl *ctl, const char *path, const char *interface, GError **error)
{
  g_autoptr (GVariant) reply = quilt_bus_call (ctl, path, QUILT_BUS_PROPERTIES, "GetAll",
                                               g_variant_new ("(s)", interface), "(a{sv})", error);

  return reply ? g_variant_get_child_value (reply, 0) : NULL;
}

/* args with n of its names, beginning at first. */
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
