/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types of D-Bus values (D-Bus Specification, "Type System" and "Valid Signatures"). GVariant knows
 * more: maybe types, structures without members, and entries outside of arrays. */
#pragma once

#include <glib.h>

#define QUILT_DBUS_SIGNATURE_MAX 255

/* Behind the complete type at the head of type; NULL: there is no valid one. */
const char *quilt_dbus_type_end (const char *type);

/* Whether signature is one complete type. */
gboolean quilt_dbus_type_is_single (const char *signature);

/* Whether signature is a list of complete types, or empty. */
gboolean quilt_dbus_signature_is_valid (const char *signature);

/* What a value of this type is aligned to, by the first character of the type. */
gsize quilt_dbus_type_alignment (char type);

/* The size of the values of this type if an array of them in a message is also one of GVariant's,
 * byte for byte; 0 if not. */
gsize quilt_dbus_type_plain_size (char type);
