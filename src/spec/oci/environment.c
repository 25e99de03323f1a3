/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment of a container's process. */
#include "spec/oci/environment.h"

#include "spec/provide.h"

#include <string.h>

/* The search path of execvp(3) if there is no PATH. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define PROGRAMS "/" QUILT_PROVIDE_DIRECTORY "/" QUILT_PROVIDE_PROGRAMS
#define CERTIFICATES "/" QUILT_PROVIDE_DIRECTORY "/" QUILT_PROVIDE_CERTIFICATES

void
quilt_environment_add (QuiltProcess *process, char *const *more)
{
  g_autoptr (GPtrArray) env = g_ptr_array_new ();

  for (char **variable = process->env; variable && *variable; variable++) {
    gsize length = strcspn (*variable, "=") + 1;
    gboolean replaced = FALSE;

    for (char *const *other = more; *other && !replaced; other++)
      replaced = strncmp (*other, *variable, length) == 0;
    if (replaced)
      g_free (*variable);
    else
      g_ptr_array_add (env, *variable);
  }
  for (; *more; more++)
    g_ptr_array_add (env, g_strdup (*more));
  g_ptr_array_add (env, NULL);
  g_free (process->env);
  process->env = (char **)g_ptr_array_free (g_steal_pointer (&env), FALSE);
}

void
quilt_environment_set (QuiltProcess *process, const char *name, const char *value)
{
  g_autofree char *variable = g_strconcat (name, "=", value, NULL);
  char *const more[] = {variable, NULL};

  quilt_environment_add (process, more);
}

static const char *
find (const QuiltProcess *process, const char *name)
{
  gsize length = strlen (name);

  for (char **entry = process->env; entry && *entry; entry++)
    if (strncmp (*entry, name, length) == 0 && (*entry)[length] == '=')
      return *entry + length + 1;
  return NULL;
}

void
quilt_environment_provide (QuiltProcess *process, guint provide)
{
  static const char *const variables[] = {"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
                                          "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS"};
  const char *path = find (process, "PATH");
  g_autofree char *longer = g_strconcat (path ? path : DEFAULT_PATH, ":" PROGRAMS, NULL);

  if (provide & (QUILT_PROVIDE_SHELL | QUILT_PROVIDE_TOOLS))
    quilt_environment_set (process, "PATH", path && !*path ? PROGRAMS : longer);
  for (guint i = 0; (provide & QUILT_PROVIDE_CA) && i < G_N_ELEMENTS (variables); i++)
    if (!find (process, variables[i]))
      quilt_environment_set (process, variables[i], CERTIFICATES);
}
