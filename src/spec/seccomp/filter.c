/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compiled system call filters: making them, and checking that they are complete. */
#include "spec/seccomp/filter.h"

#include "base/error.h"

#include <string.h>

static const char magic[8] = {'q', 'u', 'i', 'l', 't', 'b', 'p', '1'};

static void
sum (guint32 flags, gconstpointer instructions, gsize length, guint8 *ret_sha256)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = sizeof ((QuiltFilterHeader *)NULL)->sha256;

  g_checksum_update (checksum, (const guchar *)&flags, sizeof flags);
  g_checksum_update (checksum, instructions, (gssize)length);
  g_checksum_get_digest (checksum, ret_sha256, &size);
}

GBytes *
quilt_filter_new (guint32 flags, gconstpointer instructions, guint n)
{
  QuiltFilterHeader header = {.flags = flags, .n_instructions = n};
  gsize length = (gsize)n * QUILT_FILTER_INSTRUCTION;
  guint8 *data = g_malloc (sizeof header + length);

  memcpy (header.magic, magic, sizeof magic);
  sum (flags, instructions, length, header.sha256);
  memcpy (data, &header, sizeof header);
  memcpy (data + sizeof header, instructions, length);
  return g_bytes_new_take (data, sizeof header + length);
}

const QuiltFilterHeader *
quilt_filter_get_header (GBytes *bytes)
{
  return g_bytes_get_data (bytes, NULL);
}

gconstpointer
quilt_filter_get_instructions (GBytes *bytes)
{
  return quilt_filter_get_header (bytes) + 1;
}

static const char *
find_fault (GBytes *bytes)
{
  const QuiltFilterHeader *header = quilt_filter_get_header (bytes);
  gsize size = g_bytes_get_size (bytes);
  guint8 sha256[sizeof header->sha256];
  gsize length;

  if (size < sizeof *header || memcmp (header->magic, magic, sizeof magic) != 0)
    return "it is not a filter";
  length = (gsize)header->n_instructions * QUILT_FILTER_INSTRUCTION;
  if (header->n_instructions == 0 || header->n_instructions > QUILT_FILTER_INSTRUCTIONS_MAX)
    return "a filter has 1 to 4096 instructions";
  if (size != sizeof *header + length)
    return "its length does not match its header";
  sum (header->flags, header + 1, length, sha256);
  return memcmp (sha256, header->sha256, sizeof sha256) == 0 ? NULL : "its checksum is wrong";
}

gboolean
quilt_filter_check (GBytes *bytes, GError **error)
{
  const char *fault = find_fault (bytes);

  if (!fault)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED,
               "Failed to read a compiled system call filter: %s", fault);
  return FALSE;
}
