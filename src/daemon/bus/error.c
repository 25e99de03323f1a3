/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Errors on the bus: org.quilt.Error.NAME and a message. */
#include "daemon/bus/error.h"

#include "base/option-error.h"
#include "base/text.h"

#define TEXT_MAX 8192
#define DETAILS_ASKED "quilt-error-details"

static const char *const descriptions[] = {
    [QUILT_ERROR_FAILED] = "The operation failed",
    [QUILT_ERROR_NOT_FOUND] = "A required object was not found",
    [QUILT_ERROR_AMBIGUOUS] = "A name is ambiguous",
    [QUILT_ERROR_EXISTS] = "A name is taken",
    [QUILT_ERROR_BUSY] = "A required object is in use",
    [QUILT_ERROR_INVALID_ARGUMENT] = "An option or argument is invalid",
    [QUILT_ERROR_INVALID_STATE] = "The state does not allow the operation",
    [QUILT_ERROR_NOT_SUPPORTED] = "This host or version does not support an option",
    [QUILT_ERROR_NOT_AUTHORIZED] = "A required permission is missing",
    [QUILT_ERROR_COMMAND_NOT_FOUND] = "The command was not found",
    [QUILT_ERROR_COMMAND_NOT_EXECUTABLE] = "The command could not be executed",
    [QUILT_ERROR_SETUP_FAILED] = "A setup step failed",
    [QUILT_ERROR_BAD_ARCHIVE] = "The archive is damaged or not a root file system",
    [QUILT_ERROR_NO_SPACE] = "No space was left",
    [QUILT_ERROR_TIMED_OUT] = "A time limit was exceeded",
    [QUILT_ERROR_CANCELLED] = "The operation was cancelled",
    [QUILT_ERROR_QUOTA_EXCEEDED] = "A limit was exceeded",
};

G_STATIC_ASSERT (G_N_ELEMENTS (descriptions) == QUILT_N_ERRORS);

const char *
quilt_bus_error_name (const GError *error)
{
  int code = error->domain == QUILT_ERROR ? error->code : QUILT_ERROR_FAILED;
  g_autofree char *name = g_strconcat ("org.quilt.Error.", quilt_error_to_name (code), NULL);

  return g_intern_string (name);
}

char *
quilt_bus_error_text (const GError *error)
{
  return quilt_text_printable (error->message, -1, TEXT_MAX);
}

void
quilt_bus_error_add (GVariantBuilder *failures, const char *name, const GError *error)
{
  g_autofree char *text = quilt_bus_error_text (error);

  g_variant_builder_add (failures, "(sss)", name, quilt_bus_error_name (error), text);
}

const char *
quilt_bus_error_describe (const char *name)
{
  return descriptions[quilt_error_from_name (name)];
}

void
quilt_bus_error_give_details (GDBusMethodInvocation *invocation)
{
  g_object_set_data (G_OBJECT (invocation), DETAILS_ASKED, (gpointer)DETAILS_ASKED);
}

/* Returns NULL if the error has no details, or the caller did not ask for them. Floating. */
static GVariant *
make_details (GDBusMethodInvocation *invocation, const GError *error)
{
  const char *key, *problem;
  g_autofree char *text = NULL;
  GVariantDict details;

  if (!g_object_get_data (G_OBJECT (invocation), DETAILS_ASKED) ||
      !(key = quilt_option_error_get_key (error, &problem)))
    return NULL;
  text = quilt_text_printable (problem, -1, TEXT_MAX);
  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "option", "s", key);
  g_variant_dict_insert (&details, "problem", "s", text);
  return g_variant_dict_end (&details);
}

/* GDBus has no function to return an error with more than a message. */
static void
return_with_details (GDBusMethodInvocation *invocation,
                     const char *name,
                     const char *text,
                     GVariant *details)
{
  GDBusMessage *call = g_dbus_method_invocation_get_message (invocation);
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_error_literal (call, name, text);

  g_dbus_message_set_body (reply, g_variant_new ("(s@a{sv})", text, details));
  if (!(g_dbus_message_get_flags (call) & G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED))
    g_dbus_connection_send_message (g_dbus_method_invocation_get_connection (invocation), reply,
                                    G_DBUS_SEND_MESSAGE_FLAGS_NONE, NULL, NULL);
  g_object_unref (invocation);
}

void
quilt_bus_error_return (GDBusMethodInvocation *invocation, const GError *error)
{
  g_autofree char *text = quilt_bus_error_text (error);
  GVariant *details = make_details (invocation, error);

  if (details)
    return_with_details (invocation, quilt_bus_error_name (error), text, details);
  else
    g_dbus_method_invocation_return_dbus_error (invocation, quilt_bus_error_name (error), text);
}
