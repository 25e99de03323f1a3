/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* state and list: print the states of containers. */
#include "oci/state/container.h"
#include "oci/verbs/command-line.h"
#include "oci/verbs/verbs.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "spec/oci/features.h"

#include <stdio.h>
#include <string.h>

int
quilt_oci_state (QuiltOci *oci, GError **error)
{
  g_autoptr (QuiltOciContainer) container = NULL;
  g_autoptr (QuiltSpec) spec = NULL;
  g_autofree char *text = NULL;

  if (!quilt_oci_parse (oci, NULL, "ID", "Prints the state of a container as JSON.", FALSE, 1, 1,
                        error))
    return -1;
  container = quilt_oci_container_open (oci, oci->argv[1], FALSE, error);
  if (!container)
    return -1;
  /* A killed create leaves a container without a bundle. */
  if (container->bundle) {
    spec = quilt_oci_container_read_spec (container, error);
    if (!spec)
      return -1;
  }
  text =
      quilt_oci_container_print_state (container, spec, quilt_oci_container_get_status (container));
  puts (text);
  return 0;
}

static void
add_string (json_object *object, const char *key, const char *text)
{
  json_object_object_add (object, key, json_object_new_string (text ? text : ""));
}

/* Does not read the configuration, so that containers with a broken one are listed too, and many
 * are listed fast. */
static json_object *
describe (const QuiltOciContainer *container)
{
  QuiltOciStatus status = quilt_oci_container_get_status (container);
  json_object *object = json_object_new_object ();

  add_string (object, "ociVersion", QUILT_OCI_VERSION_MAX);
  add_string (object, "id", container->id);
  json_object_object_add (object, "pid",
                          json_object_new_int (status == QUILT_OCI_STOPPED ? 0 : container->pid));
  add_string (object, "status", quilt_oci_status_to_name (status));
  add_string (object, "bundle", container->bundle);
  add_string (object, "rootfs", container->rootfs);
  add_string (object, "created", container->created);
  add_string (object, "owner", container->owner);
  return object;
}

static const struct {
  const char *header, *key;
} columns[] = {
    {"ID", "id"},         {"PID", "pid"},         {"STATUS", "status"},
    {"BUNDLE", "bundle"}, {"CREATED", "created"}, {"OWNER", "owner"},
};
#define N_COLUMNS G_N_ELEMENTS (columns)

/* The text of a cell. Row 0 has the headers. Owned by the caller. */
static char *
cell_of (json_object *rows, gsize row, gsize column)
{
  json_object *value = NULL;
  const char *text;

  if (row == 0)
    return g_strdup (columns[column].header);
  json_object_object_get_ex (json_object_array_get_idx (rows, row - 1), columns[column].key,
                             &value);
  text = json_object_get_string (value);
  return *text ? quilt_text_printable (text, -1, 4096) : g_strdup ("-");
}

static void
print_table (json_object *rows)
{
  gsize n = json_object_array_length (rows) + 1;
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  gsize widths[N_COLUMNS] = {0};

  for (gsize i = 0; i < n * N_COLUMNS; i++) {
    char *cell = cell_of (rows, i / N_COLUMNS, i % N_COLUMNS);

    widths[i % N_COLUMNS] = MAX (widths[i % N_COLUMNS], strlen (cell));
    g_ptr_array_add (cells, cell);
  }
  for (gsize i = 0; i < n * N_COLUMNS; i++) {
    const gboolean is_last = i % N_COLUMNS == N_COLUMNS - 1;

    printf ("%-*s%s", is_last ? 0 : (int)widths[i % N_COLUMNS], (char *)cells->pdata[i],
            is_last ? "\n" : "  ");
  }
}

static void
print_json (json_object *rows)
{
  g_autofree char *text = quilt_json_print (rows, FALSE);

  puts (text);
}

int
quilt_oci_list (QuiltOci *oci, GError **error)
{
  g_autofree char *format = NULL;
  g_autoptr (json_object) rows = json_object_new_array ();
  g_auto (GStrv) ids = NULL;
  gboolean quiet = FALSE, json;
  const GOptionEntry entries[] = {
      {"format", 'f', 0, G_OPTION_ARG_FILENAME, &format, "table or json", "FORMAT"},
      {"quiet", 'q', 0, G_OPTION_ARG_NONE, &quiet, "Print the IDs alone", NULL},
      {NULL},
  };

  if (!quilt_oci_parse (oci, entries, "", "Lists the containers.", FALSE, 0, 0, error) ||
      !quilt_oci_read_format (format, &json, error))
    return -1;
  ids = quilt_oci_container_list (oci, error);
  if (!ids)
    return -1;
  for (char **id = ids; *id; id++) {
    g_autoptr (QuiltOciContainer) container = NULL;
    g_autoptr (GError) failure = NULL;

    if (quiet) {
      puts (*id);
      continue;
    }
    container = quilt_oci_container_open (oci, *id, FALSE, &failure);
    if (container)
      json_object_array_add (rows, describe (container));
    else if (!g_error_matches (failure, QUILT_ERROR,
                               QUILT_ERROR_NOT_FOUND)) /* the container was removed meanwhile */
      g_printerr ("%s\n", failure->message);
  }
  if (!quiet)
    (json ? print_json : print_table) (rows);
  return 0;
}
