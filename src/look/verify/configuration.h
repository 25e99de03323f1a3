/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration of ldconfig(8), /etc/ld.so.conf, which may be hostile. */
#pragma once

#include "look/verify/root.h"

/* Returns the directories that the file and the files that it includes name, NULL-terminated. Owned
 * by the caller. */
char **quilt_configuration_read (QuiltRoot *root, const char *path);
