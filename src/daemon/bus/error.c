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
quilt_bus_error_give_details (QuiltCall *call)
{
  quilt_call_attach (call, DETAILS_ASKED, (gpointer)DETAILS_ASKED, NULL);
}

/* Returns NULL if the error has no details, or the caller did not ask for them. Floating. */
static GVariant *
make_details (const QuiltCall *call, const GError *error)
{
  const char *key, *problem;
  g_autofree char *text = NULL;
  GVariantDict details;

  if (!quilt_call_get_attached (call, DETAILS_ASKED) ||
      !(key = quilt_option_error_get_key (error, &problem)))
    return NULL;
  text = quilt_text_printable (problem, -1, TEXT_MAX);
  g_variant_dict_init (&details, NULL);
  g_variant_dict_insert (&details, "option", "s", key);
  g_variant_dict_insert (&details, "problem", "s", text);
  return g_variant_dict_end (&details);
}

void
quilt_bus_error_return (QuiltCall *call, const GError *error)
{
  g_autofree char *text = quilt_bus_error_text (error);

  quilt_call_fail (call, quilt_bus_error_name (error), text, make_details (call, error));
}
