/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of a scope: systemd.resource-control(5). Pure. */
#include "oci/cgroup/scope-properties.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/oci/cgroup.h"
#include "spec/options/resources.h"

#include <string.h>

#define ANNOTATION "org.systemd.property."
#define SEC 1000000

static void
add (GVariantBuilder *properties, const char *name, GVariant *value)
{
  g_variant_builder_add (properties, "(sv)", name, value);
}

/* A number or "max". */
static gboolean
parse_limit (const char *text, guint64 *ret_value)
{
  if (strcmp (text, "max") == 0)
    return *ret_value = G_MAXUINT64, TRUE;
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, ret_value, NULL);
}

/* "QUOTA PERIOD" in µs, either of which may be missing in unified. */
static void
add_cpu_max (GVariantBuilder *properties, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, " ", 2);
  guint64 quota, period = SEC / 10;

  if (!words[0] || !parse_limit (words[0], &quota) ||
      (words[1] && !g_ascii_string_to_unsigned (words[1], 10, 1, SEC, &period, NULL)))
    return;
  if (quota != G_MAXUINT64)
    quota = MAX (quota, 1) > G_MAXUINT64 / SEC ? G_MAXUINT64 : quota * SEC / period;
  add (properties, "CPUQuotaPeriodUSec", g_variant_new_uint64 (period));
  add (properties, "CPUQuotaPerSecUSec", g_variant_new_uint64 (quota));
}

static void
add_set (GVariantBuilder *properties, const char *name, const char *text)
{
  g_autoptr (GByteArray) bits = quilt_cpu_list_parse (text, NULL);

  if (bits)
    add (properties, name,
         g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bits->data, bits->len, 1));
}

/* Leaves out values that systemd refuses. The kernel decides about them, since its file is written
 * afterwards. */
static void
add_limit (GVariantBuilder *properties, const char *file, const char *text)
{
  static const struct {
    const char *file, *name;
    guint64 min; /* the least that systemd takes */
  } limits[] = {
      {"memory.max", "MemoryMax", 1},          {"memory.high", "MemoryHigh", 0},
      {"memory.low", "MemoryLow", 0},          {"memory.min", "MemoryMin", 0},
      {"memory.swap.max", "MemorySwapMax", 0}, {"pids.max", "TasksMax", 1},
      {"cpu.weight", "CPUWeight", 1},          {"io.weight", "IOWeight", 1},
  };
  guint64 value;

  if (strcmp (file, "cpu.max") == 0)
    add_cpu_max (properties, text);
  else if (strcmp (file, "cpuset.cpus") == 0)
    add_set (properties, "AllowedCPUs", text);
  else if (strcmp (file, "cpuset.mems") == 0)
    add_set (properties, "AllowedMemoryNodes", text);
  else if (strcmp (file, "cpu.idle") == 0 && strcmp (text, "1") == 0)
    add (properties, "CPUWeight", g_variant_new_uint64 (0)); /* as systemd calls it since 252 */
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    if (strcmp (file, limits[i].file) == 0 && parse_limit (text, &value))
      add (properties, limits[i].name, g_variant_new_uint64 (MAX (value, limits[i].min)));
}

GVariant *
quilt_oci_limit_properties (const GPtrArray *writes)
{
  GVariantBuilder properties;

  g_variant_builder_init (&properties, G_VARIANT_TYPE ("a(sv)"));
  for (guint i = 0; i < writes->len; i++) {
    const QuiltCgroupWrite *write = writes->pdata[i];

    add_limit (&properties, write->other_file ? write->other_file : write->file,
               write->other_file ? write->other_value : write->value);
  }
  return g_variant_ref_sink (g_variant_builder_end (&properties));
}

static gboolean
refuse (GError **error, const char *annotation, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (annotation);
  g_autofree char *text = quilt_text_printable (why, -1, 200);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read 'annotations.%s': %s", quoted, text);
  return FALSE;
}

/* Seconds, as a number of any type; NULL for anything else. */
static GVariant *
to_microseconds (GVariant *value)
{
  double seconds = -1;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    seconds = g_variant_get_double (value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    seconds = g_variant_get_int32 (value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    seconds = g_variant_get_uint32 (value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    seconds = (double)g_variant_get_int64 (value);
  else if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    seconds = (double)g_variant_get_uint64 (value);
  if (!(seconds >= 0) || seconds >= 1e12)
    return NULL;
  return g_variant_ref_sink (g_variant_new_uint64 ((guint64)(seconds * SEC)));
}

static gboolean
add_annotated (GVariantBuilder *properties, const char *key, const char *text, GError **error)
{
  const char *name = key + strlen (ANNOTATION);
  g_autoptr (GError) local = NULL;
  g_autoptr (GVariant) value = g_variant_parse (NULL, text, NULL, NULL, &local);
  g_autofree char *in_usec = NULL;

  if (strlen (name) < 3 || strspn (name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS) != strlen (name))
    return refuse (error, key, "must be the name of a property");
  if (!value)
    return refuse (error, key, local->message);
  if (strpbrk (g_variant_get_type_string (value), "mh"))
    return refuse (error, key, "properties do not have this type");
  if (g_str_has_suffix (name, "Sec") && !g_str_has_suffix (name, "USec")) {
    GVariant *converted = to_microseconds (value);

    if (!converted)
      return refuse (error, key, "must be a number of seconds");
    g_variant_unref (value);
    value = converted;
    in_usec = g_strdup_printf ("%.*sUSec", (int)strlen (name) - 3, name);
  }
  add (properties, in_usec ? in_usec : name, value);
  return TRUE;
}

GVariant *
quilt_oci_annotated_properties (GHashTable *annotations, GError **error)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (annotations), (GCompareFunc)strcmp);
  GVariantBuilder properties;

  g_variant_builder_init (&properties, G_VARIANT_TYPE ("a(sv)"));
  for (GList *key = keys; key; key = key->next)
    if (g_str_has_prefix (key->data, ANNOTATION) &&
        !add_annotated (&properties, key->data, g_hash_table_lookup (annotations, key->data),
                        error)) {
      g_variant_builder_clear (&properties);
      return NULL;
    }
  return g_variant_ref_sink (g_variant_builder_end (&properties));
}
