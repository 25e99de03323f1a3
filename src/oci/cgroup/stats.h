/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The resource usage of a container, as "events --stats" of the runtimes prints it. */
#pragma once

#include "oci/cgroup/place.h"

#include <json-c/json.h>

/* The object "data" of an event of the type "stats", with the keys of runc. Times are in ns, sizes
 * in bytes. "No limit" is 18446744073709551615, or 0 for pids. Leaves out values of controllers
 * that the cgroup lacks. Owned by the caller. NULL on error; NOT_FOUND if the cgroup is gone. */
json_object *quilt_oci_cgroup_stats (QuiltOciCgroup *self, GError **error);
