/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VerifyImage: whether a program of an image can run. */
#pragma once

#include "daemon/images/images.h"

/* Takes over a handler's reference to call and answers it. name: name, digest or unique digest
 * prefix. command: an "aay". */
void quilt_verify_image (
    QuiltImages *images, QuiltCall *call, const char *name, GVariant *command, GVariant *options);
