/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of a scope, as values that can be compared and sent. Pure. */
#pragma once

#include <glib.h>

/* The limits for which systemd has a property: an array a(sv), as an owned GVariant. The same
 * limits are also written to files. Limits of single disks, huge pages and RDMA have no property;
 * systemd leaves alone what it was not told. */
GVariant *quilt_oci_limit_properties (const GPtrArray *writes);

/* The properties from the annotations "org.systemd.property.NAME", a(sv), sorted by name. A NAME
 * that ends in "Sec" is given in seconds, and becomes "USec". INVALID_ARGUMENT names the
 * annotation. */
GVariant *quilt_oci_annotated_properties (GHashTable *annotations, GError **error);
