/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The contents of the files in /etc that a container gets from Quilt. */
#pragma once

#include "daemon/containers/container.h"
#include "spec/oci/etc.h"

/* The texts for a start with the plan spec; NULL for files that the container does not get. */
void quilt_etc_texts (const QuiltContainer *container,
                      const QuiltSpec *spec,
                      char *ret_texts[QUILT_ETC_FILES]);
void quilt_etc_clear (char *texts[QUILT_ETC_FILES]);
