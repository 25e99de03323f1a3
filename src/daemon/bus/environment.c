/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes the values from environments, for callers that may inspect but not manage. */
#include "daemon/bus/environment.h"

#include <string.h>

void
quilt_environment_hide (char **env)
{
  for (; env && *env; env++)
    (*env)[strcspn (*env, "=")] = '\0';
}

void
quilt_environment_hide_json (json_object *env)
{
  for (gsize i = 0; i < json_object_array_length (env); i++) {
    const char *entry = json_object_get_string (json_object_array_get_idx (env, i));

    json_object_array_put_idx (env, i,
                               json_object_new_string_len (entry, (int)strcspn (entry, "=")));
  }
}
