/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* linux.sysctl of the OCI configuration. */
#include "spec/oci/private.h"

#include "base/text.h"
#include "spec/sysctl.h"

gboolean
quilt_oci_read_sysctls (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  json_object_object_foreach (value, key, item) {
    g_autofree char *quoted = quilt_text_quote (key);
    g_autofree char *here = g_strconcat (path, ".", quoted, NULL);

    if (!json_object_is_type (item, json_type_string))
      return quilt_oci_refuse (error, here, "must be a string");
    g_hash_table_insert (*(GHashTable **)member, g_strdup (key),
                         g_strdup (json_object_get_string (item)));
  }
  return TRUE;
}

gboolean
quilt_oci_check_sysctls (const QuiltSpec *spec, GError **error)
{
  guint namespaces = spec->namespaces;
  const char *key, *value;
  GHashTableIter iter;

  /* The process that opens a joined namespace checks that it is not the host's own. */
  for (guint i = 0; i < spec->joins->len; i++)
    namespaces |= ((const QuiltNamespaceJoin *)spec->joins->pdata[i])->type;
  if (g_hash_table_size (spec->sysctls) > QUILT_SYSCTLS_MAX)
    return quilt_oci_refuse (error, "linux.sysctl", "there can be at most 64");
  g_hash_table_iter_init (&iter, spec->sysctls);
  while (g_hash_table_iter_next (&iter, (gpointer *)&key, (gpointer *)&value)) {
    g_autofree char *quoted = quilt_text_quote (key);
    g_autofree char *here = g_strconcat ("linux.sysctl.", quoted, NULL);
    const char *why = quilt_sysctl_refusal (key, value, namespaces);

    if (why)
      return quilt_oci_refuse (error, here, why);
  }
  return TRUE;
}
