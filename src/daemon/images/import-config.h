/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of an import about how to run the image. */
#pragma once

#include "spec/oci/oci.h"

#include <glib.h>

/* Reads "command", "entrypoint", "env", "working-directory" and "stop-signal", as they are options
 * of a container, into an empty config, which is left empty on failure. NOT_SUPPORTED for another
 * key. */
gboolean quilt_import_config_read (GVariant *options, QuiltImageConfig *ret_config, GError **error);

/* Whether it says nothing; whether both say the same. */
gboolean quilt_import_config_is_empty (const QuiltImageConfig *config);
gboolean quilt_import_config_equal (const QuiltImageConfig *a, const QuiltImageConfig *b);
