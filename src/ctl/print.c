/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints tables and JSON on stdout, as the shared options ask. */
#include "ctl/print.h"

#include "ctl/pager.h"
#include "ctl/text.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void
quilt_print_table (QuiltCtl *ctl, QuiltTable *table)
{
  struct winsize size = {0};
  g_autofree char *text = NULL;

  /* Ask for the width before a pager replaces the terminal. */
  if (ctl->no_cut || (isatty (STDOUT_FILENO) && ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) < 0))
    size.ws_col = 0;
  text = quilt_table_render (table, !ctl->no_legend, size.ws_col);
  quilt_pager_open (ctl);
  fputs (text, stdout);
}

void
quilt_print_json (QuiltCtl *ctl, json_object *object)
{
  g_autofree char *json = quilt_json_print (object, ctl->json != QUILT_JSON_SHORT);
  g_autofree char *safe = quilt_text_json_printable (json);

  quilt_pager_open (ctl);
  fputs (safe, stdout);
  if (!g_str_has_suffix (safe, "\n"))
    putchar ('\n');
}

static json_object *
new_container (GVariant *value)
{
  gboolean is_dict = g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY);
  json_object *result = is_dict ? json_object_new_object () : json_object_new_array ();
  GVariantIter iter;
  GVariant *child;

  g_variant_iter_init (&iter, value);
  while ((child = g_variant_iter_next_value (&iter))) {
    if (is_dict) {
      g_autoptr (GVariant) key = g_variant_get_child_value (child, 0);
      g_autoptr (GVariant) entry = g_variant_get_child_value (child, 1);
      g_autofree char *name = quilt_json_key (g_variant_get_string (key, NULL));

      json_object_object_add (result, name, quilt_json_new_variant (entry));
    } else {
      json_object_array_add (result, quilt_json_new_variant (child));
    }
    g_variant_unref (child);
  }
  return result;
}

json_object *
quilt_json_new_variant (GVariant *value)
{
  switch (g_variant_classify (value)) {
  case G_VARIANT_CLASS_BOOLEAN:
    return json_object_new_boolean (g_variant_get_boolean (value));
  case G_VARIANT_CLASS_BYTE:
    return json_object_new_int (g_variant_get_byte (value));
  case G_VARIANT_CLASS_INT32:
    return json_object_new_int (g_variant_get_int32 (value));
  case G_VARIANT_CLASS_UINT32:
    return json_object_new_int64 (g_variant_get_uint32 (value));
  case G_VARIANT_CLASS_INT64:
    return json_object_new_int64 (g_variant_get_int64 (value));
  case G_VARIANT_CLASS_UINT64:
    return json_object_new_uint64 (g_variant_get_uint64 (value));
  case G_VARIANT_CLASS_DOUBLE:
    return json_object_new_double (g_variant_get_double (value));
  case G_VARIANT_CLASS_STRING:
  case G_VARIANT_CLASS_OBJECT_PATH:
    return json_object_new_string (g_variant_get_string (value, NULL));
  case G_VARIANT_CLASS_VARIANT: {
    g_autoptr (GVariant) inner = g_variant_get_variant (value);

    return quilt_json_new_variant (inner);
  }
  default:
    return new_container (value);
  }
}

char *
quilt_json_key (const char *property)
{
  char *key = g_strdup (property);

  /* Converts the leading capitals to lower case, except for the one that begins the next word. */
  for (char *p = key; g_ascii_isupper (*p); p++) {
    if (p > key && g_ascii_islower (p[1]))
      break;
    *p = g_ascii_tolower (*p);
  }
  return key;
}

void
quilt_json_add_uint64 (json_object *object, const char *key, guint64 value)
{
  json_object_object_add (object, key, json_object_new_uint64 (value));
}

void
quilt_json_add_string (json_object *object, const char *key, const char *value)
{
  json_object_object_add (object, key, json_object_new_string (value));
}

void
quilt_json_take_string (json_object *object, const char *key, char *value)
{
  quilt_json_add_string (object, key, value);
  g_free (value);
}
