/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the unpacking of an archive: decompression, tar, the writer; nothing appears beside the
 * root. */
#include "fuzz.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "transfer/unpack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BLOCK = 512, CHECKSUM = 148, MAGIC = 257 };

/* No mutation ever gets a checksum right, and the parser looks at nothing else when it is wrong. */
static void
repair_checksums (guint8 *data, gsize size)
{
  for (guint8 *block = data; size >= BLOCK; block += BLOCK, size -= BLOCK) {
    char text[8];
    guint sum = 0;

    if (memcmp (block + MAGIC, "ustar", 5) != 0)
      continue;
    memset (block + CHECKSUM, ' ', 8);
    for (guint i = 0; i < BLOCK; i++)
      sum += block[i];
    g_snprintf (text, sizeof text, "%06o", sum);
    memcpy (block + CHECKSUM, text, 7);
  }
}

static void
unpack (int archive_fd, int root_fd)
{
  const QuiltUnpackLimits limits = {.max_bytes = 4 << 20, .max_entries = 200};
  QuiltUnpackResult result = {0};
  QuiltControl control;
  GError *error = NULL;

  FUZZ_CHECK (quilt_control_init (&control, NULL));
  if (quilt_unpack (archive_fd, root_fd, &limits, &control, &result, &error)) {
    g_assert_no_error (error);
    FUZZ_CHECK (result.digest != NULL && result.entries > 0);
    FUZZ_CHECK (result.bytes <= limits.max_bytes);
  } else {
    FUZZ_CHECK_REFUSED (error);
    FUZZ_CHECK (result.digest == NULL);
  }
  g_free (result.digest);
  quilt_left_out_clear (&result.left_out);
  quilt_control_clear (&control);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  char path[] = "/dev/shm/quilt-fuzz-XXXXXX";
  g_autofree guint8 *copy = g_memdup2 (data, size);
  g_autofd int archive_fd = memfd_create ("archive", MFD_CLOEXEC);
  g_autofd int dir_fd = -1;
  g_autofd int root_fd = -1;

  repair_checksums (copy, size);
  FUZZ_CHECK (quilt_fd_write_all (archive_fd, copy, size));
  FUZZ_CHECK (lseek (archive_fd, 0, SEEK_SET) == 0);
  FUZZ_CHECK (mkdtemp (path) != NULL);
  dir_fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  root_fd = quilt_dir_ensure (dir_fd, "root", NULL);
  unpack (archive_fd, root_fd);
  FUZZ_CHECK (quilt_tree_remove (dir_fd, "root", NULL));
  FUZZ_CHECK (rmdir (path) == 0); /* fails if an archive has made anything beside the root */
  return 0;
}
