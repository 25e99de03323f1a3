/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the OCI configuration of a container's next run. */
#pragma once

#include "daemon/containers/container.h"
#include "spec/oci/oci.h"

/* Plans from its record, its image and this host. NOT_FOUND if the image is missing. */
QuiltSpec *quilt_container_plan (const QuiltContainer *container, GError **error);

/* The places of its mounts, absolute paths, NULL-terminated; also if the host lacks a device of the
 * container. Owned by the caller. NOT_FOUND as before. */
char **quilt_container_plan_places (const QuiltContainer *container, GError **error);
