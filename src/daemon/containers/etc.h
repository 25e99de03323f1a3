/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The contents of a container's own files in /etc. */
#pragma once

#include "daemon/containers/container.h"
#include "spec/oci/etc.h"

/* For a start that is planned as spec; NULL for a file that the container has not. */
void quilt_etc_texts (const QuiltContainer *container,
                      const QuiltSpec *spec,
                      char *ret_texts[QUILT_ETC_FILES]);
void quilt_etc_clear (char *texts[QUILT_ETC_FILES]);
