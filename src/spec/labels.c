/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of a container's confinement: AppArmor profiles and SELinux labels. Pure. */
#include "spec/labels.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define NAME_MAX_BYTES 255
#define CATEGORIES 1024

#define LABEL_TEXT                                                                                 \
  "must be 'disable', or one of user:, role:, type:, level: and filetype: with its value"

static gboolean
refuse (GError **error, const char *what, const char *text, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (text);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT, "Failed to read %s '%s': %s", what,
               quoted, why);
  return FALSE;
}

gboolean
quilt_apparmor_name_check (const char *name, GError **error)
{
  gsize length = strlen (name);

  for (const char *p = name; *p; p++)
    if (!g_ascii_isgraph (*p))
      length = 0;
  return (length > 0 && length <= NAME_MAX_BYTES) ||
         refuse (error, "AppArmor profile", name,
                 "must be 1 to 255 characters without blanks, or 'unconfined'");
}

gboolean
quilt_apparmor_profiles_have (const char *profiles, const char *name)
{
  const gsize length = strlen (name);

  for (const char *line = profiles; line && *line;) {
    const char *end = strchr (line, '\n');

    if (strncmp (line, name, length) == 0 && strncmp (line + length, " (", 2) == 0)
      return TRUE;
    line = end ? end + 1 : NULL;
  }
  return FALSE;
}

/* The parts of a label, in its order. FILETYPE is the type part of the label for files. */
enum { USER, ROLE, TYPE, LEVEL, FILETYPE, N_PARTS };

static const char *const part_names[N_PARTS] = {
    [USER] = "user:",   [ROLE] = "role:",         [TYPE] = "type:",
    [LEVEL] = "level:", [FILETYPE] = "filetype:",
};

/* The part that a text sets; N_PARTS if it sets none. */
static guint
find_part (const char *text, const char **ret_value)
{
  guint part = 0;

  while (part < N_PARTS && !g_str_has_prefix (text, part_names[part]))
    part++;
  if (part < N_PARTS)
    *ret_value = text + strlen (part_names[part]);
  return part;
}

/* Only the level may contain colons and commas ("s0:c1,c2"). */
static gboolean
is_value (const char *value, guint part)
{
  gsize good = strspn (value, part == LEVEL ? G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.:,-"
                                            : G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_.-");

  return good > 0 && good <= NAME_MAX_BYTES && value[good] == '\0';
}

gboolean
quilt_labels_check (const char *key, char **labels, GError **error)
{
  gboolean seen[N_PARTS] = {FALSE};

  for (char **label = labels; label && *label; label++) {
    const char *value = "";
    guint part = find_part (*label, &value);

    if (strcmp (*label, "disable") == 0 && !labels[1])
      return TRUE;
    if (part == N_PARTS || !is_value (value, part))
      return refuse (error, "security label", *label, LABEL_TEXT);
    if (seen[part])
      return refuse (error, "security label", *label, "this part is given twice");
    seen[part] = TRUE;
  }
  return TRUE;
}

gboolean
quilt_label_check (const char *label)
{
  g_auto (GStrv) parts = g_strsplit (label, ":", 4);
  guint n = g_strv_length (parts);

  for (guint i = 0; i < n; i++)
    if (!is_value (parts[i], i))
      return FALSE;
  return n >= 3;
}

gboolean
quilt_labels_disable (char **labels)
{
  return labels && *labels && strcmp (*labels, "disable") == 0;
}

/* Chooses one of the 523,776 pairs of categories. The ID is random, so the pairs are evenly
 * used. */
static char *
plan_level (const char *id)
{
  const guint hash = g_str_hash (id);
  guint first = hash % CATEGORIES;
  guint second = (first + 1 + (hash / CATEGORIES) % (CATEGORIES - 1)) % CATEGORIES;

  return g_strdup_printf ("s0:c%u,c%u", MIN (first, second), MAX (first, second));
}

void
quilt_labels_plan (char **labels, const char *id, char **ret_process, char **ret_mount)
{
  g_autofree char *level = plan_level (id);
  const char *parts[N_PARTS] = {
      [USER] = "system_u",
      [ROLE] = "system_r",
      [TYPE] = "container_t",
      [LEVEL] = level,
      [FILETYPE] = "container_file_t",
  };

  for (; labels && *labels; labels++) {
    const char *value = NULL;
    guint part = find_part (*labels, &value);

    if (part < N_PARTS)
      parts[part] = value;
  }
  *ret_process =
      g_strdup_printf ("%s:%s:%s:%s", parts[USER], parts[ROLE], parts[TYPE], parts[LEVEL]);
  *ret_mount = g_strdup_printf ("%s:object_r:%s:%s", parts[USER], parts[FILETYPE], parts[LEVEL]);
}
