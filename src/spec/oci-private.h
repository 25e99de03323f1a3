/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the OCI configuration share: the names in it, and an empty one. */
#pragma once

#include "spec/oci.h"

/* Nothing set, no namespace, umask left alone. */
QuiltSpec *quilt_spec_new (void);

/* Namespaces by the name of linux.namespaces[].type; NULL ends the table. */
typedef struct {
  const char *name;
  QuiltNamespaces flag;
} QuiltNamespaceName;
extern const QuiltNamespaceName quilt_namespace_names[];

/* The sets of process.capabilities; NULL ends the table. */
typedef struct {
  const char *name;
  gsize offset; /* of the mask in QuiltCapabilities */
} QuiltCapabilitySet;
extern const QuiltCapabilitySet quilt_capability_sets[];
