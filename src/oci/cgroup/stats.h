/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The resource usage of a container, as "events --stats" of the runtimes prints it. */
#pragma once

#include "oci/cgroup/cgroup.h"

#include <json-c/json.h>

/* The object "data" of an event of the type "stats", with runc's keys: times in ns, sizes in bytes,
 * "no limit" as 18446744073709551615 (for pids 0). Values of controllers that the cgroup lacks are
 * left out. NULL on error, NOT_FOUND if the cgroup is gone. */
json_object *quilt_oci_cgroup_stats (QuiltOciCgroup *self, GError **error);
