/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The properties of a scope, as values that can be compared and sent. Pure. */
#pragma once

#include <glib.h>

/* What systemd has a property for, of the limits that are written to files too: an array a(sv), as
 * an owned GVariant. Not among it: limits of single disks, huge pages, RDMA; systemd leaves alone
 * what it was told nothing of. */
GVariant *quilt_oci_limit_properties (const GPtrArray *writes);

/* Those of the annotations "org.systemd.property.NAME", a(sv), sorted by name. A NAME that ends in
 * "Sec" is given in seconds, and becomes "USec". INVALID_ARGUMENT by the annotation. */
GVariant *quilt_oci_annotated_properties (GHashTable *annotations, GError **error);
