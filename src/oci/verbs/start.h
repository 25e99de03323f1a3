/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last step of a start. */
#pragma once

#include "oci/state/container.h"
#include "runtime/payload.h"

/* Waits until the command is executed, and runs the poststart hooks. If a hook fails, the caller
 * stops the container (runtime-spec 1.3, runtime.md, "Lifecycle"). */
gboolean quilt_oci_start_await (const QuiltOciContainer *container,
                                const QuiltSpec *spec,
                                QuiltPayload *payload,
                                GError **error);
