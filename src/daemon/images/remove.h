/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking images, or names of images, away. */
#pragma once

#include "daemon/daemon.h"

/* Removes the layers that no image has. All images are in the index, and none is being imported. */
void quilt_image_sweep_layers (QuiltDaemon *daemon);

/* Each takes over a handler's reference to invocation and answers it. */
void quilt_image_remove_one (QuiltDaemon *daemon,
                             GDBusMethodInvocation *invocation,
                             const char *name,
                             GVariant *options);
void quilt_image_remove_many (QuiltDaemon *daemon,
                              GDBusMethodInvocation *invocation,
                              const char *const *names,
                              GVariant *options);
