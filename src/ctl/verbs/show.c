/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* show, inspect, inspect-image: print details of objects for programs. */
#include "ctl/bus.h"
#include "ctl/verbs/detail.h"
#include "ctl/pager.h"
#include "ctl/print.h"
#include "ctl/rows.h"
#include "ctl/text.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

typedef struct {
  QuiltCtl *ctl;
  char **wanted; /* NULL: all */
  gboolean value_only;
} Show;

static char *
print_value (GVariant *value)
{
  g_autofree char *text = NULL;

  /* As in systemctl show, the largest number is "infinity". */
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64) &&
      g_variant_get_uint64 (value) == G_MAXUINT64)
    return g_strdup ("infinity");
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return g_strdup (g_variant_get_boolean (value) ? "yes" : "no");
  text = g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_dup_string (value, NULL)
                                                             : g_variant_print (value, FALSE);
  return quilt_text_line (text);
}

static void
show_one (const Show *show, const char *key, GVariant *value)
{
  g_autofree char *text = print_value (value);

  if (show->value_only)
    puts (text);
  else
    printf ("%s=%s\n", key, text);
}

static int
show_text (const Show *show, GVariant *properties)
{
  GVariantIter iter;
  GVariant *value;
  const char *key;
  int code = 0;

  if (!show->wanted) {
    g_variant_iter_init (&iter, properties);
    while (g_variant_iter_next (&iter, "{&sv}", &key, &value)) {
      show_one (show, key, value);
      g_variant_unref (value);
    }
    return 0;
  }
  for (guint i = 0; show->wanted[i]; i++) {
    g_autoptr (GVariant) found = g_variant_lookup_value (properties, show->wanted[i], NULL);

    if (found)
      show_one (show, show->wanted[i], found);
    else
      code = quilt_ctl_usage (show->ctl, "no property '%s'; without --property, show prints all",
                              show->wanted[i]);
  }
  return code;
}

static int
show_json (const Show *show, GVariant *properties)
{
  g_autoptr (json_object) all = quilt_json_new_variant (properties);
  g_autoptr (json_object) some = json_object_new_object ();
  int code = 0;

  for (guint i = 0; show->wanted && show->wanted[i]; i++) {
    g_autofree char *key = quilt_json_key (show->wanted[i]);
    json_object *value;

    if (json_object_object_get_ex (all, key, &value))
      json_object_object_add (some, key, json_object_get (value));
    else
      code = quilt_ctl_usage (show->ctl, "no property '%s'; without --property, show prints all",
                              show->wanted[i]);
  }
  quilt_print_json (show->ctl, show->wanted ? some : all);
  return code;
}

static int
show_object (const Show *show, const char *path, const char *interface, GError **error)
{
  g_autoptr (GVariant) properties = quilt_bus_get_all (show->ctl, path, interface, error);

  if (!properties)
    return -1;
  return show->ctl->json == QUILT_JSON_OFF ? show_text (show, properties)
                                           : show_json (show, properties);
}

static int
show_container (const Show *show, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = quilt_bus_container_path (show->ctl, name, &error);
  int code = path ? show_object (show, path, QUILT_BUS_CONTAINER, &error) : -1;

  return code < 0 ? quilt_ctl_fail (show->ctl, error) : code;
}

static int
show_manager (const Show *show)
{
  g_autoptr (GError) error = NULL;
  int code = show_object (show, QUILT_BUS_PATH, QUILT_BUS_MANAGER, &error);

  return code < 0 ? quilt_ctl_fail (show->ctl, error) : code;
}

int
verb_show (QuiltCtl *ctl, char **argv)
{
  Show show = {.ctl = ctl};
  g_auto (GStrv) lists = NULL;
  g_auto (GStrv) wanted = NULL;
  const GOptionEntry entries[] = {
      {"property", 'p', 0, G_OPTION_ARG_FILENAME_ARRAY, &lists, "Only these properties",
       "NAME[,NAME...]"},
      {"value", 0, 0, G_OPTION_ARG_NONE, &show.value_only, "Print values without names", NULL},
      {NULL}};
  char **args = quilt_ctl_parse (ctl, argv, entries);
  int one, code = 0;

  if (!args)
    return ctl->parse_code;
  if (lists) {
    g_autofree char *all = g_strjoinv (",", lists);

    wanted = g_strsplit (all, ",", -1);
  }
  show.wanted = wanted;
  if (ctl->json == QUILT_JSON_OFF)
    quilt_pager_open (ctl);
  if (!args[0])
    return show_manager (&show);
  for (guint i = 0; args[i]; i++) {
    if (i > 0 && ctl->json == QUILT_JSON_OFF && !show.value_only)
      putchar ('\n');
    one = show_container (&show, args[i]);
    code = MAX (code, one);
  }
  return code;
}

typedef struct {
  QuiltCtl *ctl;
  char *(*find) (QuiltCtl *ctl, const char *name, GError **error);
  const char *interface;
  gboolean oci;
  char *format;
} Inspect;

/* A template may also use the properties that `show` prints. */
static gboolean
add_properties (const Inspect *inspect, const char *path, json_object *object, GError **error)
{
  g_autoptr (GVariant) properties =
      quilt_bus_get_all (inspect->ctl, path, inspect->interface, error);
  g_autoptr (json_object) more = properties ? quilt_json_new_variant (properties) : NULL;

  if (!more)
    return FALSE;
  json_object_object_foreach (more, key, value) {
    if (!json_object_object_get_ex (object, key, NULL))
      json_object_object_add (object, key, json_object_get (value));
  }
  return TRUE;
}

static int
inspect_one (const Inspect *inspect, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = inspect->find (inspect->ctl, name, &error);
  g_autoptr (json_object) object =
      path ? quilt_detail_inspect (inspect->ctl, path, inspect->interface, inspect->oci, &error)
           : NULL;
  g_autoptr (json_object) rows = NULL;

  if (!object ||
      (inspect->format && !inspect->oci && !add_properties (inspect, path, object, &error)))
    return quilt_ctl_fail (inspect->ctl, error);
  if (!inspect->format) {
    quilt_print_json (inspect->ctl, object);
    return 0;
  }
  rows = json_object_new_array ();
  json_object_array_add (rows, g_steal_pointer (&object));
  return quilt_rows_print (inspect->ctl, rows, inspect->format);
}

static int
inspect_all (Inspect *inspect, char **names)
{
  g_autofree char *format = inspect->format;
  g_autoptr (GError) error = NULL;
  int one, code = 0;

  if (!names)
    return inspect->ctl->parse_code;
  if (!quilt_rows_check_format (inspect->ctl, &format, &error))
    return quilt_ctl_fail (inspect->ctl, error);
  inspect->format = format;
  for (; *names; names++) {
    one = inspect_one (inspect, *names);
    code = MAX (code, one);
  }
  return code;
}

#define FORMAT_ENTRY(inspect)                                                                      \
  {                                                                                                \
    "format", 'f', 0, G_OPTION_ARG_FILENAME, &(inspect).format, "Print these fields, or json",     \
        "TEMPLATE"                                                                                 \
  }

int
verb_inspect (QuiltCtl *ctl, char **argv)
{
  Inspect inspect = {
      .ctl = ctl, .find = quilt_bus_container_path, .interface = QUILT_BUS_CONTAINER};
  const GOptionEntry entries[] = {{"oci", 0, 0, G_OPTION_ARG_NONE, &inspect.oci,
                                   "The OCI configuration of its next start", NULL},
                                  FORMAT_ENTRY (inspect),
                                  {NULL}};

  return inspect_all (&inspect, quilt_ctl_parse (ctl, argv, entries));
}

int
verb_inspect_image (QuiltCtl *ctl, char **argv)
{
  Inspect inspect = {.ctl = ctl, .find = quilt_bus_image_path, .interface = QUILT_BUS_IMAGE};
  const GOptionEntry entries[] = {FORMAT_ENTRY (inspect), {NULL}};

  return inspect_all (&inspect, quilt_ctl_parse (ctl, argv, entries));
}
