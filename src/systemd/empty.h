/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detects that a cgroup has become empty, sooner than the kernel's cgroup.events. */
#pragma once

#include <glib.h>

typedef struct QuiltEmpty QuiltEmpty;

/* Calls callback once, on the default main context, when the cgroup at path exists and neither it
 * nor a cgroup one level below contains a process. Also waits for processes that enter later. Never
 * calls it if the cgroup vanishes or its processes can't be seen. */
QuiltEmpty *quilt_empty_new (const char *path, void (*callback) (gpointer data), gpointer data);
void quilt_empty_free (QuiltEmpty *self);
