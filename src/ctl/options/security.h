/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammar of --security-opt, and its options on the bus. */
#pragma once

#include <glib.h>

/* Adds the options that texts ("NAME=VALUE" or "NAME", NULL-terminated) are on the bus to builder,
 * of type a{sv}. INVALID_ARGUMENT for a name that there is not, and for values that it can't have.
 */
gboolean quilt_security_add (char *const *texts, GVariantBuilder *builder, GError **error);

/* The same for --seccomp, which is "default", "unconfined" or the path of a profile: its text is
 * sent. */
gboolean quilt_security_add_seccomp (const char *value, GVariantBuilder *builder, GError **error);
