/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory to pack or to fill, and beside it one that nothing may touch. */
#pragma once

#include "check.h"
#include "tar.h"

extern "C" {
#include "base/fd.h"
#include "tar/pack.h"
#include "tar/unpack.h"
}

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/mman.h>
#include <sys/stat.h>

namespace fs = std::filesystem;

inline std::string
read_file (const fs::path &path)
{
  std::ifstream file (path, std::ios::binary);
  std::stringstream text;

  text << file.rdbuf ();
  return text.str ();
}

inline void
write_file (const fs::path &path, const std::string &text)
{
  std::ofstream (path, std::ios::binary) << text;
}

class Trees : public testing::Test
{
protected:
  fs::path dir, in, out;
  QuiltTarReport report = {};
  QuiltUnpackSettings settings = {};

  void SetUp () override
  {
    char name[] = "/tmp/quilt-tar-XXXXXX";

    dir = mkdtemp (name);
    in = dir / "in";
    out = dir / "out";
    fs::create_directory (in);
    fs::create_directory (out);
    settings.uid = (uid_t)-1;
    settings.gid = (gid_t)-1;
    settings.mode_mask = 07777;
  }

  void TearDown () override
  {
    fs::remove_all (dir);
  }

  static int open_dir (const fs::path &path)
  {
    return open (path.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }

  /* Packs NAME in the directory `in`. */
  std::string pack (const char *name, const char *as, GError **error = nullptr)
  {
    int memory = memfd_create ("archive", MFD_CLOEXEC), fd = open_dir (in);
    int proc = open_dir ("/proc/self/fd");
    QuiltPackSettings how = {proc, TRUE};
    QuiltTarStream stream;
    std::string bytes;
    gboolean ok;

    quilt_tar_stream_init (&stream, memory, nullptr, nullptr);
    ok = quilt_tar_pack (&stream, fd, name, as, &how, &report, error) &&
         quilt_tar_pack_end (&stream, error);
    quilt_tar_stream_clear (&stream);
    bytes.resize ((size_t)lseek (memory, 0, SEEK_CUR));
    EXPECT_EQ (pread (memory, bytes.data (), bytes.size (), 0), (ssize_t)bytes.size ());
    close (memory);
    close (fd);
    close (proc);
    return ok ? bytes : "";
  }

  /* Unpacks into the directory `out`. */
  gboolean unpack (const std::string &bytes,
                   GError **error = nullptr,
                   const char *top = nullptr,
                   guint strip = 0)
  {
    int memory = memfd_create ("archive", MFD_CLOEXEC), fd = open_dir (out);
    QuiltTarStream stream;
    QuiltUnpackPlace place = {fd, top, strip};
    gboolean ok = FALSE;
    int r;

    EXPECT_EQ (write (memory, bytes.data (), bytes.size ()), (ssize_t)bytes.size ());
    lseek (memory, 0, SEEK_SET);
    quilt_tar_stream_init (&stream, memory, nullptr, nullptr);
    QuiltTarReader reader = QUILT_TAR_READER_INIT (&stream);
    r = quilt_tar_reader_next (&reader, error);
    if (r > 0)
      ok = quilt_tar_unpack (&reader, &place, &settings, &report, error);
    quilt_tar_reader_clear (&reader);
    quilt_tar_stream_clear (&stream);
    close (memory);
    close (fd);
    return ok;
  }
};
