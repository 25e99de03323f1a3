/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets the disk write files while later ones are unpacked, so that the sync at the end finds little
 * to write. */
#pragma once

#include <glib.h>

typedef struct _QuiltFlush QuiltFlush;

/* NULL without a thread: then nothing is written early. */
QuiltFlush *quilt_flush_new (void);

/* Waits for the files that were handed over. */
void quilt_flush_free (QuiltFlush *flush);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltFlush, quilt_flush_free)

/* Closes fd of a file of `size` bytes that is complete: at once if the file is small or flush is
 * NULL, or when the disk was told to write it. */
void quilt_flush_close (QuiltFlush *flush, int fd, guint64 size);
