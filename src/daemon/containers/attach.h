/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AttachContainer and ResizeTerminal. */
#pragma once

#include "daemon/containers/containers.h"

void quilt_attach_container (QuiltContainers *containers,
                             QuiltCall *call,
                             const char *name,
                             GVariant *options);
void quilt_resize_terminal (QuiltContainers *containers,
                            QuiltCall *call,
                            const char *name,
                            guint32 columns,
                            guint32 rows,
                            GVariant *options);
