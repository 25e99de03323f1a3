/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the unpacking of what a container sends to quiltctl, or a caller to quilt-copy: nothing
 * appears beside the directory, and the tree can be packed again. */
#include "fuzz.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "tar/pack.h"
#include "tar/unpack.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CHECKSUM = 148, MAGIC = 257 };

/* No mutation ever gets a checksum right, and the parser looks at nothing else when it is wrong. */
static void
repair_checksums (guint8 *data, gsize size)
{
  for (guint8 *block = data; size >= QUILT_TAR_BLOCK;
       block += QUILT_TAR_BLOCK, size -= QUILT_TAR_BLOCK) {
    char text[8];
    guint sum = 0;

    if (memcmp (block + MAGIC, "ustar", 5) != 0)
      continue;
    memset (block + CHECKSUM, ' ', 8);
    for (guint i = 0; i < QUILT_TAR_BLOCK; i++)
      sum += block[i];
    g_snprintf (text, sizeof text, "%06o", sum);
    memcpy (block + CHECKSUM, text, 7);
  }
}

/* Returns whether the archive was unpacked, which any error can prevent. */
static gboolean
unpack (int archive_fd, int root_fd, guint strip)
{
  const QuiltUnpackPlace place = {root_fd, strip ? "top" : NULL, strip};
  const QuiltUnpackSettings settings = {
      .uid = (uid_t)-1, .gid = (gid_t)-1, .mode_mask = 01777, .xattrs = TRUE, .overwrite = strip};
  g_auto (QuiltTarStream) stream = {0};
  QuiltTarReader reader = QUILT_TAR_READER_INIT (&stream);
  QuiltTarReport report = {0};
  GError *error = NULL;
  gboolean ok;
  int r;

  FUZZ_CHECK (lseek (archive_fd, 0, SEEK_SET) == 0);
  quilt_tar_stream_init (&stream, archive_fd, NULL, NULL);
  r = quilt_tar_reader_next (&reader, &error);
  ok = r == 0 || (r > 0 && quilt_tar_unpack (&reader, &place, &settings, &report, &error));
  if (ok)
    g_assert_no_error (error);
  else
    FUZZ_CHECK_REFUSED (error);
  FUZZ_CHECK (!ok || reader.rest == 0);
  quilt_tar_reader_clear (&reader);
  return ok;
}

/* Packs the tree that was unpacked. Returns the archive. */
static int
pack (int root_fd)
{
  int archive_fd = memfd_create ("again", MFD_CLOEXEC);
  g_autofd int proc_fd = open ("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
  const QuiltPackSettings settings = {proc_fd, TRUE};
  g_auto (QuiltTarStream) stream = {0};
  QuiltTarReport report = {0};
  GError *error = NULL;

  quilt_tar_stream_init (&stream, archive_fd, NULL, NULL);
  if (!quilt_tar_pack (&stream, root_fd, ".", "", &settings, &report, &error) ||
      !quilt_tar_pack_end (&stream, &error))
    FUZZ_CHECK_REFUSED (error); /* a mode may forbid reading to users other than root */
  return archive_fd;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  char path[] = "/dev/shm/quilt-fuzz-XXXXXX";
  g_autofree guint8 *copy = g_memdup2 (data, size);
  g_autofd int archive_fd = memfd_create ("archive", MFD_CLOEXEC);
  g_autofd int dir_fd = -1, root_fd = -1, again_fd = -1;

  repair_checksums (copy, size);
  FUZZ_CHECK (quilt_fd_write_all (archive_fd, copy, size));
  FUZZ_CHECK (mkdtemp (path) != NULL);
  dir_fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  root_fd = quilt_dir_ensure (dir_fd, "root", NULL);
  unpack (archive_fd, root_fd, 0);
  again_fd = pack (root_fd);
  unpack (archive_fd, root_fd, 1);
  unpack (again_fd, root_fd, 1);
  FUZZ_CHECK (quilt_tree_remove (dir_fd, "root", NULL));
  FUZZ_CHECK (rmdir (path) == 0); /* fails if an archive has made anything beside the root */
  return 0;
}
