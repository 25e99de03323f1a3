/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a file that have data, between its holes: lseek(2). */
#include "tar/extents.h"

#include "tar/header.h"

#include <errno.h>
#include <unistd.h>

/* Memory for the extents of a file. */
#define EXTENTS_MAX 4096
/* Smaller holes are hashed in less than a few milliseconds. */
#define HOLES_MIN (1024 * 1024)

gboolean
quilt_extent_find (int fd, guint64 at, guint64 size, QuiltExtent *ret_extent)
{
  const off_t start = lseek (fd, (off_t)at, SEEK_DATA);
  const off_t end = start < 0 ? -1 : lseek (fd, start, SEEK_HOLE);

  if (end < 0) {
    *ret_extent = (QuiltExtent){size, size};
    return errno == ENXIO;
  }
  *ret_extent = (QuiltExtent){MIN ((guint64)start, size), MIN ((guint64)end, size)};
  return TRUE;
}

GArray *
quilt_extents_find (int fd, guint64 size)
{
  g_autoptr (GArray) extents = g_array_new (FALSE, FALSE, sizeof (QuiltExtent));
  QuiltExtent next = {0, 0};

  while (next.end < size) {
    if (!quilt_extent_find (fd, next.end, size, &next))
      return NULL;
    if (extents->len == EXTENTS_MAX - 1)
      next.end = size;
    if (next.start < next.end)
      g_array_append_val (extents, next);
  }
  return g_steal_pointer (&extents);
}

guint64
quilt_extents_sum (const GArray *extents)
{
  guint64 sum = 0;

  for (guint i = 0; i < extents->len; i++) {
    const QuiltExtent *extent = &g_array_index (extents, QuiltExtent, i);

    sum += extent->end - extent->start;
  }
  return sum;
}

gboolean
quilt_extents_are_sparse (const GArray *extents, guint64 size)
{
  return size - quilt_extents_sum (extents) >= HOLES_MIN;
}

static void
add_line (GByteArray *out, guint64 number)
{
  char text[24];

  g_snprintf (text, sizeof text, "%" G_GUINT64_FORMAT "\n", number);
  g_byte_array_append (out, (const guint8 *)text, (guint)strlen (text));
}

GByteArray *
quilt_extents_encode (const GArray *extents)
{
  static const guint8 zeros[QUILT_TAR_BLOCK];
  GByteArray *out = g_byte_array_new ();

  add_line (out, extents->len);
  for (guint i = 0; i < extents->len; i++) {
    const QuiltExtent *extent = &g_array_index (extents, QuiltExtent, i);

    add_line (out, extent->start);
    add_line (out, extent->end - extent->start);
  }
  g_byte_array_append (out, zeros, (guint)(quilt_tar_padded (out->len) - out->len));
  return out;
}
