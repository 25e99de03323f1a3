/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A directory layers, and beside it one that no archive may touch. */
#pragma once

#include "check.h"
#include "tar.h"

extern "C" {
#include "base/fd.h"
#include "base/file.h"
#include "transfer/layer.h"
}

#include <archive.h>
#include <archive_entry.h>
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

/* All there is to see of a tree, but for access times. */
inline std::string
snapshot (const fs::path &root)
{
  std::vector<std::string> lines;

  for (const auto &entry : fs::recursive_directory_iterator (root)) {
    struct stat st;

    EXPECT_EQ (lstat (entry.path ().c_str (), &st), 0);
    lines.push_back (entry.path ().string () + " " + std::to_string (st.st_mode) + " " +
                     std::to_string (st.st_uid) + " " + std::to_string (st.st_nlink) + " " +
                     std::to_string (st.st_mtim.tv_sec) + "." +
                     std::to_string (st.st_mtim.tv_nsec) + " " +
                     (S_ISREG (st.st_mode) ? read_file (entry.path ()) : ""));
  }
  std::sort (lines.begin (), lines.end ());
  std::string all;
  for (const auto &line : lines)
    all += line + "\n";
  return all;
}

inline std::string
compress (const std::string &bytes, int (*filter) (struct archive *))
{
  struct archive *archive = archive_write_new ();
  struct archive_entry *entry = archive_entry_new ();
  std::string out (bytes.size () + (1 << 20), '\0');
  size_t used = 0;

  archive_write_set_format_raw (archive);
  archive_write_set_bytes_in_last_block (archive, 1);
  EXPECT_EQ (filter (archive), ARCHIVE_OK);
  EXPECT_EQ (archive_write_open_memory (archive, out.data (), out.size (), &used), ARCHIVE_OK);
  archive_entry_set_filetype (entry, AE_IFREG);
  archive_write_header (archive, entry);
  EXPECT_EQ (archive_write_data (archive, bytes.data (), bytes.size ()), (la_ssize_t)bytes.size ());
  EXPECT_EQ (archive_write_close (archive), ARCHIVE_OK);
  archive_write_free (archive);
  archive_entry_free (entry);
  out.resize (used);
  return out;
}

class Layers : public testing::Test
{
protected:
  fs::path path;
  fs::path outside;
  int layers = -1;
  std::string canary;
  Error error;
  QuiltUnpackLimits limits = {UINT64_C (64) << 30, 1000000};
  QuiltTransferResult result = {};

  void SetUp () override
  {
    /* In memory where possible: each layer syncs its file system. */
    const fs::path base = access ("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    std::string name = base / "quilt-test-XXXXXX";

    ASSERT_NE (mkdtemp (name.data ()), nullptr);
    path = name;
    outside = path / "outside";
    fs::create_directories (outside / "dir");
    std::ofstream (outside / "file") << "precious";
    std::ofstream (outside / "dir" / "file") << "precious too";
    canary = snapshot (outside);
    fs::create_directory (path / "layers");
    layers = open ((path / "layers").c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ASSERT_GE (layers, 0);
  }

  void TearDown () override
  {
    Error problem;
    int parent = open (path.parent_path ().c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    forget ();
    EXPECT_EQ (snapshot (outside), canary);
    EXPECT_EQ (leftovers (), 0);
    EXPECT_TRUE (quilt_tree_remove (parent, path.filename ().c_str (), problem.out ()))
        << problem.message ();
    close (parent);
    close (layers);
  }

  int leftovers ()
  {
    return (int)std::distance (fs::directory_iterator (path / "layers"), fs::directory_iterator ());
  }

  void forget ()
  {
    if (result.temporary)
      quilt_tree_remove (layers, result.temporary, nullptr);
    quilt_transfer_result_clear (&result);
  }

  static int memory_file (const std::string &bytes)
  {
    int fd = memfd_create ("archive", MFD_CLOEXEC);

    EXPECT_EQ (write (fd, bytes.data (), bytes.size ()), (ssize_t)bytes.size ());
    lseek (fd, 0, SEEK_SET);
    return fd;
  }

  bool unpack_fd (int fd)
  {
    QuiltControl control;
    bool ok;

    forget ();
    EXPECT_TRUE (quilt_control_init (&control, nullptr));
    ok = quilt_transfer_run (fd, layers, ".tmp-test", &limits, &control, &result, error.out ());
    quilt_control_clear (&control);
    return ok;
  }

  bool unpack (const std::string &bytes)
  {
    int fd = memory_file (bytes);
    bool ok = unpack_fd (fd);

    close (fd);
    return ok;
  }

  fs::path root ()
  {
    return path / "layers" / (result.temporary ? result.temporary : "none") / "fs";
  }
};
