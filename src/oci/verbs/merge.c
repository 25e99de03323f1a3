/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of update: each becomes a key of linux.resources, which is then read like any
 * other. */
#include "oci/verbs/merge.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "spec/quantities.h"

#include <string.h>

typedef enum {
  NUMBER,
  BYTES,
  LIST,
} Kind;

static const struct {
  const char *name, *object, *key;
  Kind kind;
  const char *summary, *value;
} options[] = {
    {"memory", "memory", "limit", BYTES, "Memory", "BYTES"},
    {"memory-reservation", "memory", "reservation", BYTES, "Memory to reserve", "BYTES"},
    {"memory-swap", "memory", "swap", BYTES, "Memory and swap together", "BYTES"},
    {"cpu-period", "cpu", "period", NUMBER, "Period of the quota", "USEC"},
    {"cpu-quota", "cpu", "quota", NUMBER, "CPU time in each period", "USEC"},
    {"cpu-burst", "cpu", "burst", NUMBER, "CPU time that may accumulate", "USEC"},
    {"cpu-share", "cpu", "shares", NUMBER, "Share of CPU time", "SHARES"},
    {"cpu-idle", "cpu", "idle", NUMBER, "1: run only on idle CPUs", "NUMBER"},
    {"cpu-rt-period", "cpu", "realtimePeriod", NUMBER, "Refused: only in cgroup v1", "USEC"},
    {"cpu-rt-runtime", "cpu", "realtimeRuntime", NUMBER, "Refused: only in cgroup v1", "USEC"},
    {"cpuset-cpus", "cpu", "cpus", LIST, "CPUs that it may use", "LIST"},
    {"cpuset-mems", "cpu", "mems", LIST, "Memory nodes that it may use", "LIST"},
    {"pids-limit", "pids", "limit", NUMBER, "Processes and threads", "NUMBER"},
    {"blkio-weight", "blockIO", "weight", NUMBER, "Share of disk time", "10..1000"},
    {"kernel-memory", "memory", "kernel", BYTES, "Refused: only in cgroup v1", "BYTES"},
    {"kernel-memory-tcp", "memory", "kernelTCP", BYTES, "Refused: only in cgroup v1", "BYTES"},
};

G_STATIC_ASSERT (G_N_ELEMENTS (options) <= QUILT_OCI_UPDATE_OPTIONS);

void
quilt_oci_update_clear (QuiltOciUpdate *update)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    g_clear_pointer (&update->values[i], g_free);
}

GArray *
quilt_oci_update_entries (QuiltOciUpdate *update)
{
  GArray *entries = g_array_new (TRUE, TRUE, sizeof (GOptionEntry));

  for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
    const GOptionEntry entry = {.long_name = options[i].name,
                                .arg = G_OPTION_ARG_FILENAME,
                                .arg_data = &update->values[i],
                                .description = options[i].summary,
                                .arg_description = options[i].value};

    g_array_append_val (entries, entry);
  }
  return entries;
}

gboolean
quilt_oci_update_is_given (const QuiltOciUpdate *update)
{
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (update->values[i])
      return TRUE;
  return FALSE;
}

static gboolean
refuse (guint i, const char *text, const char *why, GError **error)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "--%s %s, not '%s'",
               options[i].name, why, quoted);
  return FALSE;
}

/* Converts the value of an option to JSON. */
static json_object *
read_value (guint i, const char *text, GError **error)
{
  gint64 number;
  guint64 bytes;

  if (options[i].kind == LIST)
    return json_object_new_string (text);
  if (g_ascii_string_to_signed (text, 10, G_MININT64 + 1, G_MAXINT64, &number, NULL))
    return json_object_new_int64 (number);
  if (options[i].kind == NUMBER)
    return refuse (i, text, "must be a whole number", error), NULL;
  if (!quilt_parse_bytes (text, &bytes, NULL) || bytes > G_MAXINT64)
    return refuse (i, text, "must be a number of bytes, such as 512m, or -1", error), NULL;
  return json_object_new_int64 ((gint64)bytes);
}

QuiltOciResources *
quilt_oci_update_read (const QuiltOciUpdate *update, GError **error)
{
  g_autoptr (json_object) top = json_object_new_object ();

  for (guint i = 0; i < G_N_ELEMENTS (options); i++) {
    json_object *object, *value;

    if (!update->values[i])
      continue;
    value = read_value (i, update->values[i], error);
    if (!value)
      return NULL;
    if (!json_object_object_get_ex (top, options[i].object, &object)) {
      object = json_object_new_object ();
      json_object_object_add (top, options[i].object, object);
    }
    json_object_object_add (object, options[i].key, value);
  }
  return quilt_oci_resources_read (top, "", error);
}
