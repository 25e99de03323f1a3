/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls Inspect, which gives details of an object to users that may inspect it. */
#pragma once

#include "base/json.h"
#include "ctl/ctl.h"

/* The record of the object at path or, with oci, the OCI configuration of a container's next start.
 * Owned by the caller. Returns NULL with an error. */
json_object *quilt_detail_inspect (
    QuiltCtl *ctl, const char *path, const char *interface, gboolean oci, GError **error);

/* A container's record, without asking for a password. NULL if the user may not see it. */
json_object *quilt_detail_get (QuiltCtl *ctl, const char *path);

/* The command in a record (which may be NULL) as one line of text. NULL if unknown. Owned by the
 * caller. */
char *quilt_detail_command (json_object *record);
/* The full message of the error that kept the container from running; NULL if there is none. */
const char *quilt_detail_error (json_object *record);
