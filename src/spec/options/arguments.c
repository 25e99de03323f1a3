/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's options on quiltctl's command line. */
#include "spec/options/arguments.h"

const QuiltArgument quilt_arguments[] = {QUILT_OPTION_ARGUMENTS{NULL}};
