/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of an import that set how the image is run. */
#pragma once

#include "spec/oci/oci.h"

#include <glib.h>

/* Reads "command", "entrypoint", "env", "working-directory", "stop-signal" and "user" into an empty
 * config, by the rules for a container's options. On failure config stays empty. NOT_SUPPORTED for
 * another key. */
gboolean quilt_import_config_read (GVariant *options, QuiltImageConfig *ret_config, GError **error);

/* Whether a configuration is empty; whether two are equal. */
gboolean quilt_import_config_is_empty (const QuiltImageConfig *config);
gboolean quilt_import_config_equal (const QuiltImageConfig *a, const QuiltImageConfig *b);
