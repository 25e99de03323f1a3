/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of /etc that are the container's own, whatever its image has there: their mounts and
 * their contents. */
#pragma once

#include "spec/oci/oci.h"
#include "spec/options/options.h"

typedef enum {
  QUILT_ETC_HOSTS,
  QUILT_ETC_HOSTNAME,
  QUILT_ETC_RESOLV_CONF,
  QUILT_ETC_FILES,
} QuiltEtcFile;

/* The name of the file, in /etc and in the directory of its source. */
const char *quilt_etc_name (QuiltEtcFile file);

/* Whether a container with these options has the file: resolv.conf only with a network. */
gboolean quilt_etc_has (QuiltEtcFile file, const QuiltOptions *options);

/* Whether its content comes from the host's file, since it has the host's network. */
gboolean quilt_etc_is_host (QuiltEtcFile file, const QuiltOptions *options);

/* The content: host is the text of the host's file where quilt_etc_is_host(), else NULL. hostname
 * is the container's, or the host's without a uts namespace of its own. Owned by the caller. */
char *quilt_etc_text (QuiltEtcFile file,
                      const QuiltOptions *options,
                      const char *hostname,
                      const char *host);
