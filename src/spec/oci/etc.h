/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files in /etc that Quilt makes for each container, whatever the image has there: their mounts
 * and contents. */
#pragma once

#include "spec/oci/oci.h"
#include "spec/options/options.h"

typedef enum {
  QUILT_ETC_HOSTS,
  QUILT_ETC_HOSTNAME,
  QUILT_ETC_RESOLV_CONF,
  QUILT_ETC_FILES,
} QuiltEtcFile;

/* The file's name, both in /etc and in the source directory. */
const char *quilt_etc_name (QuiltEtcFile file);

/* Whether a container with these options gets the file. It gets resolv.conf only with a network. */
gboolean quilt_etc_has (QuiltEtcFile file, const QuiltOptions *options);

/* Whether the content comes from the host's file, since the container has the host's network. */
gboolean quilt_etc_is_host (QuiltEtcFile file, const QuiltOptions *options);

/* The content of the file. host is the text of the host's file if quilt_etc_is_host(), else NULL.
 * hostname is the container's, or the host's if the container has no uts namespace of its own.
 * Owned by the caller. */
char *quilt_etc_text (QuiltEtcFile file,
                      const QuiltOptions *options,
                      const char *hostname,
                      const char *host);
