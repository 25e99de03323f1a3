/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setup steps: keywords for package managers, and shell commands. */
#include "spec/setup.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define SPACE " \t\r\n"

/* A non-interactive installation by a package manager; the packages follow as arguments. Scripts
 * are constant and get the packages as "$@", so users' words never become shell text. */
typedef struct {
  const char *keyword;
  const char *argv[8];
} Installer;

static const Installer installers[] = {
    /* A new root has no package lists. */
    {"apt",
     {"/bin/sh", "-c",
      "export DEBIAN_FRONTEND=noninteractive; apt-get update && "
      "exec apt-get install --yes --no-install-recommends -- \"$@\"",
      "apt"}},
    {"apk", {"apk", "add", "--no-cache", "--"}},
    {"dnf", {"dnf", "install", "--assumeyes", "--"}},
    {"npm", {"npm", "install", "--global", "--no-fund", "--no-audit", "--"}},
    /* Distributions mark their Python as externally managed, but a container belongs to the user.
     * Older versions of pip lack the option and ignore the variable. */
    {"pip", {"env", "PIP_BREAK_SYSTEM_PACKAGES=1", "pip", "install", "--no-input", "--"}},
    /* gem takes what follows "--" for arguments of builds. */
    {"gem", {"gem", "install", "--no-document"}},
    /* By default, the programs would be in root's home, where PATH does not lead. */
    {"go", {"env", "GOBIN=/usr/local/bin", "go", "install", "--"}},
    {"cargo", {"cargo", "install", "--root", "/usr/local", "--"}},
    {"composer",
     {"env", "COMPOSER_ALLOW_SUPERUSER=1", "composer", "global", "require", "--no-interaction",
      "--"}},
};

static char **
refuse (GError **error, const char *step, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (step);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read setup step '%s': %s", quoted, why);
  return NULL;
}

/* The known keyword most similar to keyword; NULL if none is similar. If half of the letters
 * differ, the words are similar only if they begin with the same letter. */
static const char *
find_similar (const char *keyword)
{
  g_autofree char *lower = g_ascii_strdown (keyword, -1);
  const char *best = NULL;
  guint least = 3;

  for (guint i = 0; i < G_N_ELEMENTS (installers); i++) {
    const char *known = installers[i].keyword;
    guint distance = quilt_text_distance (lower, known);

    if (distance < least && (2 * distance < strlen (known) || *lower == *known)) {
      least = distance;
      best = known;
    }
  }
  return best;
}

static char **
refuse_keyword (GError **error, const char *step, const char *keyword)
{
  g_autoptr (GString) why = g_string_new (NULL);
  const char *similar = find_similar (keyword);

  g_string_printf (why, "'%s:' is not a keyword", keyword);
  if (similar)
    g_string_append_printf (why, ", did you mean '%s:'?", similar);
  g_string_append (why, "; the keywords are");
  for (guint i = 0; i < G_N_ELEMENTS (installers); i++)
    g_string_append_printf (why, "%s %s:", i > 0 ? "," : "", installers[i].keyword);
  g_string_append_printf (why, "; to run a program of that name, write 'command %s:'", keyword);
  return refuse (error, step, why->str);
}

static char **
installer_argv (const Installer *installer, const char *step, const char *words, GError **error)
{
  g_autoptr (GStrvBuilder) argv = g_strv_builder_new ();
  gboolean any = FALSE;

  for (gsize i = 0; installer->argv[i]; i++)
    g_strv_builder_add (argv, installer->argv[i]);
  while (words += strspn (words, SPACE), *words) {
    gsize length = strcspn (words, SPACE);
    g_autofree char *package = g_strndup (words, length);

    if (*package == '-')
      return refuse (error, step, "a package can't begin with '-'; write a shell command instead");
    g_strv_builder_add (argv, package);
    any = TRUE;
    words += length;
  }
  return any ? g_strv_builder_end (argv) : refuse (error, step, "must name a package");
}

/* The length of a keyword that text begins with, without its ':'; 0: text begins with none. */
static gsize
measure_keyword (const char *text)
{
  gsize n = 0;

  if (!g_ascii_isalpha (*text))
    return 0;
  while (g_ascii_isalnum (text[n]) || text[n] == '-' || text[n] == '_')
    n++;
  return text[n] == ':' && n <= QUILT_DISTANCE_MAX ? n : 0;
}

char **
quilt_setup_step_argv (const char *step, GError **error)
{
  const char *shell[] = {"/bin/sh", "-c", step, NULL};
  const char *first = step + strspn (step, SPACE);
  gsize length = measure_keyword (first);
  g_autofree char *keyword = g_strndup (first, length);
  const char *rest = length > 0 ? first + length + 1 : first;

  if (!*first)
    return refuse (error, step, "is empty");
  for (guint i = 0; i < G_N_ELEMENTS (installers); i++)
    if (g_str_equal (installers[i].keyword, keyword))
      return installer_argv (&installers[i], step, rest, error);
  /* A word such as "a:b" is the name of a program. */
  if (length > 0 && (!*rest || strchr (SPACE, *rest)))
    return refuse_keyword (error, step, keyword);
  return g_strdupv ((char **)shell);
}
