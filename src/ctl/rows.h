/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of a list by --format. */
#pragma once

#include "base/json.h"
#include "ctl/ctl.h"

/* Takes "json", which is --json in podman's words, out of *format: it is NULL then. Otherwise
 * checks it. */
gboolean quilt_rows_check_format (QuiltCtl *ctl, char **format, GError **error);

/* Prints each object of rows, a JSON array, as format says: a template, or "table TEMPLATE". The
 * exit code. */
int quilt_rows_print (QuiltCtl *ctl, json_object *rows, const char *format);
