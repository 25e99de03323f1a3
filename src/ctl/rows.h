/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints the rows of a list as --format asks. */
#pragma once

#include "base/json.h"
#include "ctl/ctl.h"

/* Checks *format. If it is "json", podman's word for --json, sets ctl's JSON output instead, and
 * *format to NULL. */
gboolean quilt_rows_check_format (QuiltCtl *ctl, char **format, GError **error);

/* Prints each object of rows, a JSON array, by format: a template, or "table TEMPLATE". Returns the
 * exit code. */
int quilt_rows_print (QuiltCtl *ctl, json_object *rows, const char *format);
