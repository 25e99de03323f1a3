/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The environment of a container's process. */
#include "spec/oci/environment.h"

#include <string.h>

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
