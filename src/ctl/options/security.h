/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses --security-opt into options on the bus. */
#pragma once

#include <glib.h>

/* Adds the options for texts ("NAME=VALUE" or "NAME", NULL-terminated) to builder, of type a{sv}.
 * Sets INVALID_ARGUMENT for unknown names and invalid values. */
gboolean quilt_security_add (char *const *texts, GVariantBuilder *builder, GError **error);

/* Adds --seccomp, which is "default", "unconfined" or the path of a profile, whose text is sent. */
gboolean quilt_security_add_seccomp (const char *value, GVariantBuilder *builder, GError **error);
