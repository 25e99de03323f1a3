/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Filters on disk: found again, and never trusted when they are not what was written. */
#include "base/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

extern "C" {
#include "seccomp/cache.h"
}

using std::string;

class CacheTest : public testing::Test
{
protected:
  void SetUp () override
  {
    char name[] = "/tmp/quilt-test-XXXXXX";

    directory = mkdtemp (name);
    fd = open (name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    seccomp = parse ("SCMP_ACT_ERRNO");
    key = take (quilt_cache_key (seccomp));
    file = directory + "/" + key + ".bpf";
  }

  void TearDown () override
  {
    quilt_seccomp_free (seccomp);
    close (fd);
    std::filesystem::remove_all (directory);
  }

  static QuiltSeccomp *parse (const string &action)
  {
    string text = R"({"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64"],)"
                  R"("syscalls":[{"names":["dup3"],"action":")" +
                  action + "\"}]}";

    return quilt_seccomp_profile_parse (text.data (), text.size (), nullptr);
  }

  /* Its bytes; hit says whether they came from the disk. */
  string get (gboolean *hit, int dir_fd)
  {
    Error error;
    GBytes *filter = quilt_cache_get (dir_fd, seccomp, key.c_str (), hit, error.out ());
    gsize size = 0;

    EXPECT_NE (filter, nullptr) << error.message ();
    auto data = static_cast<const char *> (g_bytes_get_data (filter, &size));
    string bytes (data, size);
    g_bytes_unref (filter);
    return bytes;
  }

  string get (gboolean *hit)
  {
    return get (hit, fd);
  }

  string on_disk () const
  {
    std::ifstream stream (file, std::ios::binary);

    return string (std::istreambuf_iterator<char> (stream), {});
  }

  void write (const string &bytes)
  {
    std::ofstream (file, std::ios::binary | std::ios::trunc) << bytes;
  }

  string directory, key, file;
  QuiltSeccomp *seccomp = nullptr;
  int fd = -1;
};

TEST_F (CacheTest, MissThenHit)
{
  gboolean hit = TRUE;
  string first = get (&hit);

  EXPECT_FALSE (hit);
  EXPECT_EQ (on_disk (), first);
  EXPECT_EQ (std::filesystem::status (file).permissions () & std::filesystem::perms::all,
             std::filesystem::perms (0600));
  EXPECT_EQ (get (&hit), first);
  EXPECT_TRUE (hit);
}

TEST_F (CacheTest, WithoutADirectoryItIsCompiled)
{
  gboolean hit = TRUE;

  EXPECT_EQ (get (&hit, -1), get (&hit));
  EXPECT_FALSE (hit);
}

TEST_F (CacheTest, EveryDamageIsRepaired)
{
  gboolean hit;
  const string good = get (&hit);

  for (size_t at = 0; at < good.size (); at += 5) {
    string bad = good;

    bad[at] = (char)(bad[at] ^ 0x10);
    write (bad);
    EXPECT_EQ (get (&hit), good) << at;
    EXPECT_FALSE (hit) << at;
    EXPECT_EQ (on_disk (), good) << at;
  }
  for (const string &bad :
       {string (), good.substr (0, 20), good.substr (0, good.size () - 8),
        good + good.substr (good.size () - 8), string (good.size (), '\0'), string (200000, 'x')}) {
    write (bad);
    EXPECT_EQ (get (&hit), good);
    EXPECT_FALSE (hit);
  }
}

TEST_F (CacheTest, TrustsNoFilterThatOthersCouldWrite)
{
  gboolean hit;
  const string good = get (&hit);

  chmod (file.c_str (), 0622);
  get (&hit);
  EXPECT_FALSE (hit);
  get (&hit);
  EXPECT_TRUE (hit);

  std::filesystem::rename (file, directory + "/elsewhere");
  std::filesystem::create_symlink ("elsewhere", file);
  EXPECT_EQ (get (&hit), good);
  EXPECT_FALSE (hit);
  EXPECT_FALSE (std::filesystem::is_symlink (file));
}

TEST_F (CacheTest, TheKeyIsOfTheRules)
{
  QuiltSeccomp *other = parse ("SCMP_ACT_KILL");

  EXPECT_EQ (key.size (), 64u);
  EXPECT_NE (take (quilt_cache_key (other)), key);
  quilt_seccomp_free (other);
}
