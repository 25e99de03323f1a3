/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ps: prints the processes of a container, as the host sees them. */
#include "oci/state/container.h"
#include "oci/cgroup/processes.h"
#include "oci/verbs/command-line.h"
#include "oci/verbs/ps-table.h"
#include "oci/verbs/verbs.h"

#include "base/error.h"
#include "base/json.h"

#include <stdio.h>
#include <sys/wait.h>

static void
print_json (const GArray *pids)
{
  g_autoptr (json_object) array = json_object_new_array ();
  g_autofree char *text = NULL;

  for (guint i = 0; i < pids->len; i++)
    json_object_array_add (array, json_object_new_int (g_array_index (pids, pid_t, i)));
  text = quilt_json_print (array, FALSE);
  puts (text);
}

/* Executes the host's ps(1) with the caller's options, never a program of the container. */
static gboolean
print_table (const GArray *pids, char **options, GError **error)
{
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  g_autoptr (GError) reason = NULL;
  g_autofree char *output = NULL;
  g_autofree char *table = NULL;
  int status;

  g_ptr_array_add (argv, (char *)"ps");
  if (!*options)
    g_ptr_array_add (argv, (char *)"-ef");
  for (; *options; options++)
    g_ptr_array_add (argv, *options);
  g_ptr_array_add (argv, NULL);
  if (!g_spawn_sync (NULL, (char **)argv->pdata, NULL,
                     G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, &output, NULL,
                     &status, &reason)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to execute 'ps': %s",
                 reason->message);
    return FALSE;
  }
  if (!WIFEXITED (status) || WEXITSTATUS (status) != 0) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to list processes: 'ps' failed");
    return FALSE;
  }
  table = quilt_ps_table_filter (output, (const pid_t *)(gpointer)pids->data, pids->len, error);
  if (!table)
    return FALSE;
  fputs (table, stdout);
  return TRUE;
}

int
quilt_oci_ps (QuiltOci *oci, GError **error)
{
  g_autofree char *format = NULL;
  g_autoptr (QuiltOciContainer) container = NULL;
  g_autoptr (GArray) pids = NULL;
  gboolean json;
  const GOptionEntry entries[] = {
      {"format", 'f', 0, G_OPTION_ARG_FILENAME, &format, "table or json", "FORMAT"},
      {NULL},
  };

  if (!quilt_oci_parse (oci, entries, "ID [PS-OPTION...]",
                        "Lists the processes of a container: by ps(1) with PS-OPTIONs (by default "
                        "-ef),\nor their numbers as JSON.",
                        TRUE, 1, -1, error) ||
      !quilt_oci_read_format (format, &json, error))
    return -1;
  if (json && oci->argv[2]) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "'ps' takes options of ps(1) only with --format=table");
    return -1;
  }
  container = quilt_oci_container_open (oci, oci->argv[1], FALSE, error);
  if (!container)
    return -1;
  pids = quilt_oci_cgroup_processes (&container->cgroup, error);
  if (!pids)
    return -1;
  if (json)
    print_json (pids);
  else if (!print_table (pids, oci->argv + 2, error))
    return -1;
  return 0;
}
