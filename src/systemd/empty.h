/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells that the last process of a cgroup has ended, sooner than the kernel's cgroup.events does.
 */
#pragma once

#include <glib.h>

typedef struct QuiltEmpty QuiltEmpty;

/* Calls callback once, from the default main context, when the cgroup at path is there and no
 * process is in it or one level below. Processes that come later are waited for too. Never, if the
 * cgroup goes or what is in it can't be seen. */
QuiltEmpty *quilt_empty_new (const char *path, void (*callback) (gpointer data), gpointer data);
void quilt_empty_free (QuiltEmpty *self);
