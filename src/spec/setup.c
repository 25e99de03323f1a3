/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setup steps: short forms for package managers, and shell commands. */
#include "spec/setup.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define SPACE " \t\r\n"

/* A non-interactive installation by a package manager; the packages follow as arguments. Scripts
 * are constant and get the packages as "$@", so users' words never become shell text. */
typedef struct {
  const char *prefix;
  const char *argv[8];
} Installer;

static const Installer installers[] = {
    {"npm:", {"npm", "install", "--global", "--no-fund", "--no-audit", "--"}},
    /* Distributions mark their Python as externally managed, but a container belongs to the user.
     * Older versions of pip lack the option and ignore the variable. */
    {"pip:", {"env", "PIP_BREAK_SYSTEM_PACKAGES=1", "pip", "install", "--no-input", "--"}},
    {"gem:", {"gem", "install", "--no-document", "--"}},
    /* A new root has no package lists. */
    {"apt:",
     {"/bin/sh", "-c",
      "export DEBIAN_FRONTEND=noninteractive; apt-get update && "
      "exec apt-get install --yes --no-install-recommends -- \"$@\"",
      "apt"}},
    {"apk:", {"apk", "add", "--no-cache", "--"}},
    {"dnf:", {"dnf", "install", "--assumeyes", "--"}},
};

static char **
refuse (GError **error, const char *step, const char *why)
{
  g_autofree char *quoted = quilt_text_quote (step);

  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read setup step '%s': %s", quoted, why);
  return NULL;
}

static char **
installer_argv (const Installer *installer, const char *step, GError **error)
{
  g_autoptr (GStrvBuilder) argv = g_strv_builder_new ();
  const char *at = step + strlen (installer->prefix);
  gboolean any = FALSE;

  for (gsize i = 0; installer->argv[i]; i++)
    g_strv_builder_add (argv, installer->argv[i]);
  while (at += strspn (at, SPACE), *at) {
    gsize length = strcspn (at, SPACE);
    g_autofree char *package = g_strndup (at, length);

    if (*package == '-')
      return refuse (error, step, "a package can't begin with '-'; write a shell command instead");
    g_strv_builder_add (argv, package);
    any = TRUE;
    at += length;
  }
  return any ? g_strv_builder_end (argv) : refuse (error, step, "names no package");
}

char **
quilt_setup_step_argv (const char *step, GError **error)
{
  const char *shell[] = {"/bin/sh", "-c", step, NULL};
  const char *first = step + strspn (step, SPACE);

  if (!*first)
    return refuse (error, step, "is empty");
  for (gsize i = 0; i < G_N_ELEMENTS (installers); i++)
    if (g_str_has_prefix (first, installers[i].prefix))
      return installer_argv (&installers[i], first, error);
  return g_strdupv ((char **)shell);
}
