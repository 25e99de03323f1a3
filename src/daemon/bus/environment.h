/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Removes the values from environments, for callers that may inspect but not manage. */
#pragma once

#include "base/json.h"

/* Cuts each "NAME=value" at its "=". env may be NULL. */
void quilt_environment_hide (char **env);
/* As quilt_environment_hide(), for a JSON array of strings. */
void quilt_environment_hide_json (json_object *env);
