/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Types of D-Bus values (D-Bus Specification, "Type System" and "Valid Signatures"). GVariant
 * allows more than D-Bus: maybe types, structures without members, and dictionary entries outside
 * of arrays. */
#pragma once

#include <glib.h>

#define QUILT_DBUS_SIGNATURE_MAX 255

/* The position after the complete type at the beginning of type. NULL if the type is invalid. */
const char *quilt_dbus_type_end (const char *type);

/* Whether signature is one complete type. */
gboolean quilt_dbus_type_is_single (const char *signature);

/* Whether signature is a list of complete types, or empty. */
gboolean quilt_dbus_signature_is_valid (const char *signature);

/* The alignment in bytes of a type, given its first character. */
gsize quilt_dbus_type_alignment (char type);

/* The size of one value if an array of this type has the same bytes in D-Bus and in GVariant;
 * otherwise 0. */
gsize quilt_dbus_type_plain_size (char type);
