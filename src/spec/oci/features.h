/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supported parts of the OCI runtime specification, from the parser's own tables. */
#pragma once

#include <glib.h>
#include <json-c/json.h>

#define QUILT_OCI_VERSION_MIN "1.0.0"
#define QUILT_OCI_VERSION_MAX "1.2.1"

/* Makes the features document (features.md, features-linux.md of runtime-spec 1.2). mount_options,
 * NULL-terminated, come from core/mounts/mounts.h. Owned by the caller. */
json_object *quilt_features_to_json (const char *const *mount_options);
