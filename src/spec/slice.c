/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Slices below quilt.slice, and the place of a container's scope in them; systemd.slice(5). */
#include "spec/slice.h"

#include "base/option-error.h"

#include <string.h>

#define STEM "quilt"
#define SUFFIX ".slice"

/* Limits for a name's length and levels. Each level is a unit of systemd and a cgroup. */
#define LENGTH_MAX 64
#define LEVELS_MAX 8

/* The part of the name below quilt.slice, "a-b"; empty if there is none. */
static char *
get_levels (const char *slice)
{
  gsize length = strlen (slice) - (g_str_has_suffix (slice, SUFFIX) ? strlen (SUFFIX) : 0);
  g_autofree char *name = g_strndup (slice, length);

  if (strcmp (name, STEM) == 0)
    return g_strdup ("");
  return g_strdup (g_str_has_prefix (name, STEM "-") ? name + strlen (STEM "-") : name);
}

/* The reason why it can't be a slice below quilt.slice. NULL if it can. */
static const char *
find_refusal (const char *slice)
{
  g_autofree char *levels = get_levels (slice);
  g_auto (GStrv) parts = g_strsplit (levels, "-", -1);

  if (g_str_has_suffix (slice, SUFFIX) && strcmp (slice, QUILT_SLICE) != 0 &&
      !g_str_has_prefix (slice, STEM "-"))
    return "it is outside quilt.slice, and Quilt keeps all containers in that slice; use a name "
           "such as 'batch', which stands for quilt-batch.slice";
  if (strlen (levels) > LENGTH_MAX)
    return "it may have at most 64 characters";
  if (g_strv_length (parts) > LEVELS_MAX)
    return "it may have at most 8 levels; each '-' begins one";
  if (*levels == '\0' && strcmp (slice, QUILT_SLICE) != 0 && strcmp (slice, STEM) != 0)
    return "the name is empty";
  for (char **part = parts; *part; part++)
    if (**part == '\0' || (*part)[strspn (*part, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "_")])
      return "it must be a name of letters, digits, '_' and single '-' between them, such as "
             "'batch' or 'batch-night'";
  return NULL;
}

gboolean
quilt_slice_check (const char *slice, GError **error)
{
  const char *why = find_refusal (slice);

  return !why || quilt_option_error_refuse (error, "slice", slice, why);
}

char *
quilt_slice_unit (const char *slice)
{
  g_autofree char *levels = get_levels (slice ? slice : QUILT_SLICE);

  return g_strconcat (STEM, *levels ? "-" : "", levels, SUFFIX, NULL);
}

char *
quilt_slice_place (const char *slice, const char *scope)
{
  g_autofree char *levels = get_levels (slice ? slice : QUILT_SLICE);
  g_auto (GStrv) parts = g_strsplit (levels, "-", -1);
  g_autoptr (GString) name = g_string_new (STEM);
  g_autoptr (GString) place = g_string_new (NULL);

  for (char **part = parts; *part; part++) {
    g_string_append_printf (name, "-%s", *part);
    g_string_append_printf (place, "%s" SUFFIX "/", name->str);
  }
  g_string_append (place, scope);
  return g_strdup (place->str);
}

const char *
quilt_place_unit (const char *place)
{
  const char *slash = strrchr (place, '/');

  return slash ? slash + 1 : place;
}
