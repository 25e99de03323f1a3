/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Authorization: asks polkit for every caller but root. This is the only place that denies. */
#include "daemon/bus/authority.h"

#include "base/error.h"
#include "daemon/bus/admission.h"
#include "daemon/bus/error.h"

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* CheckAuthorizationFlags of polkit's D-Bus interface. */
#define ALLOW_USER_INTERACTION 1u

struct QuiltAuthority {
  GDBusConnection *bus;
  GPtrArray *checks; /* of Check, not decided yet */
  guint64 cancellation_ids;
};

/* One call that waits for a decision; owned by authority->checks. If the check was decided
 * meanwhile, it is cancelled, and answers of the bus are ignored. */
typedef struct {
  QuiltAuthority *authority;
  GDBusMethodInvocation *invocation;
  const char *action;
  GPtrArray *details;
  guint next; /* index of the next element of details to ask about */
  QuiltAuthorizedFunc authorized;
  /* used instead of authorized: a denial is then an answer, not an error */
  QuiltConsultedFunc consulted;
  gpointer data;
  GCancellable *cancellable;
  guint vanished;        /* subscription that tells when the caller goes away */
  char *cancellation_id; /* set while polkit is asked */
} Check;

static void
cancel_question (Check *check)
{
  if (check->cancellation_id)
    g_dbus_connection_call (check->authority->bus, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                            "CancelCheckAuthorization",
                            g_variant_new ("(s)", check->cancellation_id), NULL,
                            G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL, NULL);
  g_clear_pointer (&check->cancellation_id, g_free);
}

static void
check_free (Check *check)
{
  g_cancellable_cancel (check->cancellable);
  g_object_unref (check->cancellable);
  if (check->vanished != 0)
    g_dbus_connection_signal_unsubscribe (check->authority->bus, check->vanished);
  g_clear_pointer (&check->details, g_ptr_array_unref);
  g_free (check->cancellation_id);
  g_free (check);
}

/* The two ends of a check. */

static void
deny (Check *check, const GError *why)
{
  GDBusMethodInvocation *invocation = check->invocation;

  cancel_question (check);
  g_ptr_array_remove_fast (check->authority->checks, check);
  quilt_bus_error_return (invocation, why);
}

static void
decided (Check *check, gboolean allowed)
{
  GDBusMethodInvocation *invocation = check->invocation;
  QuiltAuthorizedFunc authorized = check->authorized;
  QuiltConsultedFunc consulted = check->consulted;
  gpointer data = check->data;

  g_ptr_array_remove_fast (check->authority->checks, check);
  if (consulted)
    consulted (invocation, allowed, data);
  else
    authorized (invocation, data);
}

static GVariant *
current_details (Check *check)
{
  return check->details && check->details->len > 0 ? check->details->pdata[check->next] : NULL;
}

/* Describes the call: "org.quilt.manage-containers (verb 'stop', container 'web')". */
static char *
what (Check *check)
{
  GString *text = g_string_new (check->action);
  GVariant *details = current_details (check);
  const char *key, *value, *separator = " (";
  GVariantIter iter;

  if (!details)
    return g_string_free (text, FALSE);
  g_variant_iter_init (&iter, details);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &value)) {
    g_string_append_printf (text, "%s%s '%s'", separator, key, value);
    separator = ", ";
  }
  if (g_variant_n_children (details) > 0)
    g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

static void
deny_because (Check *check, const char *why)
{
  g_autofree char *text = what (check);
  g_autoptr (GError) error =
      g_error_new (QUILT_ERROR, QUILT_ERROR_NOT_AUTHORIZED, "Not authorized for %s: %s", text, why);

  deny (check, error);
}

/* Handles a denial of polkit. */
static void
refuse (Check *check, const char *why)
{
  if (check->consulted)
    decided (check, FALSE);
  else
    deny_because (check, why);
}

/* Asking polkit. */

static void ask (Check *check);

/* Whether polkit may ask the user for a password. */
static gboolean
is_interactive (Check *check)
{
  GDBusMessage *message = g_dbus_method_invocation_get_message (check->invocation);

  return !check->consulted && (g_dbus_message_get_flags (message) &
                               G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
}

static void
on_answer (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  Check *check = data;
  gboolean yes = FALSE, challenge = FALSE;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* decided meanwhile: check was freed */
  if (error) {
    g_autofree char *why = NULL;

    g_dbus_error_strip_remote_error (error);
    why = g_strdup_printf ("polkit did not answer, so only root may: %s", error->message);
    refuse (check, why);
    return;
  }
  g_clear_pointer (&check->cancellation_id, g_free);
  g_variant_get (answer, "((bba{ss}))", &yes, &challenge, NULL);
  if (!yes && challenge && is_interactive (check))
    refuse (check, "polkit has to ask for a password, but your session has no agent that can ask; "
                   "run it as root or in a login session");
  else if (!yes && challenge)
    refuse (check, "polkit has to ask for a password, but this call does not allow that; run it as "
                   "root or on a terminal");
  else if (!yes)
    refuse (check, "polkit denied it; an administrator can allow it with a rule, see polkit(8)");
  else if (check->details && ++check->next < check->details->len)
    ask (check);
  else
    decided (check, TRUE);
}

/* The current details with "own", since a polkit rule knows the caller's name but not its uid. */
static GVariant *
complete_details (Check *check)
{
  GVariant *details = current_details (check);
  g_autofree char *uid = g_strdup_printf ("%u", quilt_admission_get_uid (check->invocation));
  const char *key, *value;
  GVariantIter iter;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  if (details) {
    g_variant_iter_init (&iter, details);
    while (g_variant_iter_next (&iter, "{&s&s}", &key, &value)) {
      g_variant_builder_add (&builder, "{ss}", key, value);
      if (g_str_equal (key, "owner"))
        g_variant_builder_add (&builder, "{ss}", "own", g_str_equal (value, uid) ? "yes" : "no");
    }
  }
  return g_variant_builder_end (&builder);
}

static void
ask (Check *check)
{
  gboolean interactive = is_interactive (check);
  GVariantBuilder subject;

  g_variant_builder_init (&subject, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (
      &subject, "{sv}", "name",
      g_variant_new_string (g_dbus_method_invocation_get_sender (check->invocation)));
  check->cancellation_id =
      g_strdup_printf ("quiltd-%" G_GUINT64_FORMAT, check->authority->cancellation_ids++);
  g_dbus_connection_call (
      check->authority->bus, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization",
      g_variant_new ("((sa{sv})s@a{ss}us)", "system-bus-name", &subject, check->action,
                     complete_details (check), interactive ? ALLOW_USER_INTERACTION : 0,
                     check->cancellation_id),
      G_VARIANT_TYPE ("((bba{ss}))"), G_DBUS_CALL_FLAGS_NONE,
      interactive ? G_MAXINT : -1, /* no time limit while the user types a password */
      check->cancellable, on_answer, check);
}

static void
on_caller_changed (GDBusConnection *bus,
                   const char *sender,
                   const char *path,
                   const char *interface,
                   const char *signal,
                   GVariant *arguments,
                   gpointer data)
{
  deny_because (data, "the caller has left the bus");
}

static Check *
check_new (QuiltAuthority *self,
           GDBusMethodInvocation *invocation,
           const char *action,
           GPtrArray *details,
           gpointer data)
{
  Check *check = g_new0 (Check, 1);

  check->authority = self;
  check->invocation = invocation;
  check->action = action;
  check->details = details ? g_ptr_array_ref (details) : NULL;
  check->data = data;
  check->cancellable = g_cancellable_new ();
  g_ptr_array_add (self->checks, check);
  return check;
}

static void
begin (Check *check)
{
  QuiltAuthority *self = check->authority;

  if (quilt_admission_get_uid (check->invocation) == 0) {
    decided (check, TRUE);
    return;
  }
  /* Watch the caller before asking polkit, on the same connection. If the caller is already gone,
   * polkit does not know it. If it goes later, we notice. */
  check->vanished = g_dbus_connection_signal_subscribe (
      self->bus, "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged",
      "/org/freedesktop/DBus", g_dbus_method_invocation_get_sender (check->invocation),
      G_DBUS_SIGNAL_FLAGS_NONE, on_caller_changed, check, NULL);
  ask (check);
}

void
quilt_authority_require (QuiltAuthority *self,
                         GDBusMethodInvocation *invocation,
                         const char *action,
                         GPtrArray *details,
                         QuiltAuthorizedFunc authorized,
                         gpointer data)
{
  Check *check = check_new (self, invocation, action, details, data);

  check->authorized = authorized;
  begin (check);
}

void
quilt_authority_consult (QuiltAuthority *self,
                         GDBusMethodInvocation *invocation,
                         const char *action,
                         GPtrArray *details,
                         QuiltConsultedFunc consulted,
                         gpointer data)
{
  Check *check = check_new (self, invocation, action, details, data);

  check->consulted = consulted;
  begin (check);
}

static void
add_text (GVariantBuilder *builder, const char *key, const char *value)
{
  if (value)
    g_variant_builder_add (builder, "{ss}", key, value);
}

GVariant *
quilt_authority_details_new (const char *verb,
                             const char *container,
                             guint32 owner,
                             const char *image)
{
  g_autofree char *uid = owner == G_MAXUINT32 ? NULL : g_strdup_printf ("%u", owner);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  add_text (&builder, "verb", verb);
  add_text (&builder, "container", container);
  add_text (&builder, "owner", uid);
  add_text (&builder, "image", image);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

void
quilt_authority_add_image_details (GPtrArray *details,
                                   const char *verb,
                                   const char *container,
                                   char *const *names,
                                   const char *digest,
                                   const char *option)
{
  for (; *names; names++) {
    GVariantBuilder builder;

    g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
    add_text (&builder, "verb", verb);
    add_text (&builder, "container", container);
    add_text (&builder, "image", *names);
    add_text (&builder, "digest", digest);
    add_text (&builder, "option", option);
    g_ptr_array_add (details, g_variant_ref_sink (g_variant_builder_end (&builder)));
  }
}

QuiltAuthority *
quilt_authority_new (GDBusConnection *bus)
{
  QuiltAuthority *self = g_new0 (QuiltAuthority, 1);

  self->bus = g_object_ref (bus);
  self->checks = g_ptr_array_new_with_free_func ((GDestroyNotify)check_free);
  return self;
}

void
quilt_authority_free (QuiltAuthority *self)
{
  /* Leave the calls unanswered: the bus tells their callers that quiltd has gone, so they can ask
   * the next quiltd. */
  while (self->checks->len > 0) {
    Check *check = self->checks->pdata[0];

    cancel_question (check);
    g_object_unref (check->invocation);
    g_ptr_array_remove_fast (self->checks, check);
  }
  g_ptr_array_unref (self->checks);
  g_object_unref (self->bus);
  g_free (self);
}
