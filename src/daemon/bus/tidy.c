/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Returns the memory of ended calls to the kernel. The C library keeps freed memory if it lies
 * below memory in use: after a list of 10,000 containers quiltd would keep 100 MiB. */
#include "daemon/bus/tidy.h"

#include <glib.h>
#include <malloc.h>

#define AFTER_SECONDS 3
/* Less than this is soon used again. */
#define FREE_MAX (4 * 1024 * 1024)

static guint timer; /* the process has one heap */

static gboolean
tidy (gpointer data)
{
  timer = 0;
  if (mallinfo2 ().fordblks > FREE_MAX)
    malloc_trim (0);
  return G_SOURCE_REMOVE;
}

void
quilt_tidy_later (void)
{
  if (timer == 0)
    timer = g_timeout_add_seconds (AFTER_SECONDS, tidy, NULL);
}
