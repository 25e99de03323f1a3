/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The side of a copy that is on the host, with the rights of the user of quiltctl. */
#pragma once

#include "tar/report.h"
#include "tar/stream.h"

typedef struct {
  gboolean keeps_owner, overwrite;
} QuiltHostSettings;

/* Writes path, whose links are followed, and everything below it. Errors: NOT_FOUND,
 * INVALID_ARGUMENT, FAILED; CANCELLED if the stream has ended. */
gboolean quilt_host_pack (QuiltTarStream *stream,
                          const char *path,
                          const QuiltHostSettings *settings,
                          QuiltTarReport *report,
                          GError **error);

/* Unpacks what a container has sent to path: into it, if it is a directory, as quiltctl(1) says for
 * `copy`. Nothing outside of that is made or changed, whatever the stream contains. Files get
 * neither setuid and setgid nor file capabilities. */
gboolean quilt_host_unpack (QuiltTarStream *stream,
                            const char *path,
                            const QuiltHostSettings *settings,
                            QuiltTarReport *report,
                            GError **error);
