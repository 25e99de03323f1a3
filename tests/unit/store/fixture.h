/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A store in a directory of its own. */
#pragma once

#include "check.h"

extern "C" {
#include "base/file.h"
#include "store/containers.h"
#include "store/digest.h"
#include "store/images.h"
#include "store/store.h"
}

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

class Store : public testing::Test
{
protected:
  fs::path path;
  QuiltStore *store = nullptr;
  Error error;
  std::map<std::string, std::string> broken; /* what on_broken was told */

  void SetUp () override
  {
    std::string name =
        fs::path (access ("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") / "quilt-test-XXXXXX";

    ASSERT_NE (mkdtemp (name.data ()), nullptr);
    path = name;
    reopen ();
  }

  void TearDown () override
  {
    int parent = open (path.parent_path ().c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    quilt_store_unref (store);
    EXPECT_TRUE (quilt_tree_remove (parent, path.filename ().c_str (), nullptr));
    close (parent);
  }

  void reopen ()
  {
    quilt_store_unref (store);
    store = quilt_store_open (path.c_str (), error.out ());
    ASSERT_NE (store, nullptr) << error.message ();
  }

  static void write (const fs::path &file, const std::string &text)
  {
    std::ofstream (file, std::ios::binary) << text;
  }

  static std::string read (const fs::path &file)
  {
    std::ifstream stream (file, std::ios::binary);
    std::stringstream text;

    text << stream.rdbuf ();
    return text.str ();
  }

  static void on_broken (const char *name, const GError *why, gpointer data)
  {
    ((Store *)data)->broken[name] = why->message;
  }

  static std::string digest (char digit)
  {
    return "sha256:" + std::string (64, digit);
  }

  static std::string id (char digit)
  {
    return std::string (32, digit);
  }
};
