/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The config.json that the verb `spec` writes. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <sys/types.h>

/* Makes a configuration that runs "sh" on a terminal, in the directory "rootfs" of the bundle.
 * rootless: in a user namespace whose root is uid and gid, without settings that need more
 * privileges. Owned by the caller. */
json_object *quilt_oci_template_new (gboolean rootless, uid_t uid, gid_t gid);
