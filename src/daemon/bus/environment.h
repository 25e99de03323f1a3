/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Environments without their values, which are for callers that may manage. */
#pragma once

#include "base/json.h"

/* Cuts each "NAME=value" at its "=". env may be NULL. */
void quilt_environment_hide (char **env);
/* The same of an array of strings. */
void quilt_environment_hide_json (json_object *env);
