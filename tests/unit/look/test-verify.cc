/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verifies programs of images: good ones have no problems, bad ones have the right ones, and
 * hostile ones get an answer in time. */
#include "base/check.h"

#include "../elf-file.h"

extern "C" {
#include "base/fd.h"
#include "look/verify/verify.h"
}

#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

namespace fs = std::filesystem;

using Strings = std::vector<std::string>;

#define GLIBC "/lib64/ld-linux-x86-64.so.2"
#define MUSL "/lib/ld-musl-x86_64.so.1"

class VerifyTest : public testing::Test
{
protected:
  std::string root, directory, program;
  Strings env;
  bool runs = false;
  /* By this, glibc's loader is known. */
  const std::string cache_path = std::string ("\0/etc/ld.so.cache\0", 18);

  void SetUp () override
  {
    char name[] = "/tmp/quilt-verify-XXXXXX";

    root = mkdtemp (name);
  }

  void TearDown () override
  {
    fs::remove_all (root);
  }

  void put (const std::string &path, const std::string &contents, mode_t mode = 0755)
  {
    fs::create_directories (fs::path (root + path).parent_path ());
    std::ofstream (root + path, std::ios::binary) << contents;
    chmod ((root + path).c_str (), mode);
  }

  void link (const std::string &path, const std::string &target)
  {
    fs::create_directories (fs::path (root + path).parent_path ());
    fs::create_symlink (target, root + path);
  }

  void put_program (const std::string &path, const Strings &needed, const char *loader = GLIBC)
  {
    ElfFile file;

    file.needed = needed;
    file.interpreter = loader;
    put (path, file.make ());
  }

  void
  put_library (const std::string &path, const Strings &needed = {}, const std::string &soname = "")
  {
    ElfFile file;

    file.needed = needed;
    file.interpreter = "";
    file.soname = soname;
    put (path, file.make (), 0644);
  }

  void put_loaders ()
  {
    ElfFile file;

    file.interpreter = "";
    file.soname = "ld-linux-x86-64.so.2";
    put (GLIBC, file.make () + cache_path);
    put_library (MUSL);
    chmod ((root + MUSL).c_str (), 0755);
  }

  /* Returns "kind path needed-by" of each problem; warnings about the image are left out. */
  Strings verify (const std::string &command)
  {
    g_autofd int fd = open (root.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    std::vector<char *> entries;
    QuiltVerification of = {.root_fd = fd,
                            .program = command.c_str (),
                            .working_directory = directory.c_str (),
                            .env = nullptr};
    g_autoptr (GVariant) rows = NULL;
    g_autoptr (GVariant) results = NULL;
    Strings found;

    for (std::string &entry : env)
      entries.push_back (entry.data ());
    entries.push_back (nullptr);
    of.env = entries.data ();
    g_autoptr (GVariant) all = g_variant_ref_sink (quilt_verify (&of));
    g_variant_get (all, "(@aa{sv}@a{sv})", &rows, &results);
    for (gsize i = 0; i < g_variant_n_children (rows); i++) {
      g_autoptr (GVariant) row = g_variant_get_child_value (rows, i);
      const char *kind, *path, *by, *message, *hint, *severity;

      EXPECT_TRUE (g_variant_lookup (row, "kind", "&s", &kind));
      EXPECT_TRUE (g_variant_lookup (row, "severity", "&s", &severity));
      EXPECT_TRUE (g_variant_lookup (row, "path", "^&ay", &path));
      EXPECT_TRUE (g_variant_lookup (row, "needed-by", "^&ay", &by));
      EXPECT_TRUE (g_variant_lookup (row, "message", "&s", &message));
      EXPECT_TRUE (g_variant_lookup (row, "hint", "&s", &hint));
      EXPECT_EQ (strchr (message, '{'), nullptr) << message;
      if (!g_str_has_prefix (kind, "no-"))
        found.push_back (std::string (kind) + " " + path + (*by ? std::string (" ") + by : ""));
    }
    const char *path = "";
    gboolean can = FALSE;

    EXPECT_TRUE (g_variant_lookup (results, "runs", "b", &can));
    g_variant_lookup (results, "program", "^&ay", &path);
    runs = can;
    program = path;
    return found;
  }
};

TEST_F (VerifyTest, AStaticProgram)
{
  put ("/bin/tool", ElfFile{{}, ""}.make ());
  EXPECT_EQ (verify ("tool"), Strings{});
  EXPECT_TRUE (runs);
  EXPECT_EQ (program, "/bin/tool");
  EXPECT_EQ (verify ("/bin/tool"), Strings{});
}

TEST_F (VerifyTest, LooksCommandsUpInPath)
{
  put ("/opt/app/tool", ElfFile{{}, ""}.make ());
  EXPECT_EQ (verify ("tool"), Strings{"not-found tool"});
  EXPECT_FALSE (runs);
  env = {"PATH=/nothing:/opt/app"};
  EXPECT_EQ (verify ("tool"), Strings{});
  EXPECT_EQ (program, "/opt/app/tool");
  env = {"PATH=/nothing:"};
  directory = "/opt/app";
  EXPECT_EQ (verify ("tool"), Strings{}); /* an empty element is the working directory */
  EXPECT_EQ (verify ("./tool"), Strings{});
  EXPECT_EQ (verify ("../tool"), Strings{"not-found ../tool"});
  EXPECT_EQ (verify (""), Strings{"not-found "});

  /* A file that can't be executed does not hide a later program. */
  env = {"PATH=/first:/opt/app"};
  put ("/first/tool", "x", 0644);
  EXPECT_EQ (verify ("tool"), Strings{});
  EXPECT_EQ (program, "/opt/app/tool");
  env = {"PATH=/first"};
  EXPECT_EQ (verify ("tool"), Strings{"not-executable /first/tool"});
  EXPECT_EQ (program, "/first/tool");
}

TEST_F (VerifyTest, RefusesFilesThatAreNotPrograms)
{
  put ("/bin/text", "hello\n");
  put ("/bin/empty", "");
  put ("/bin/elf", "\x7f"
                   "ELF");
  put ("/bin/data", ElfFile{{}, ""}.make (), 0644);
  put ("/bin/object", ElfFile{{}, "", "", "", "", 0, ET_REL}.make ());
  put ("/bin/cut", ElfFile{{"libc.so.6"}}.make ().substr (0, 200));
  fs::create_directories (root + "/bin/dir");
  ASSERT_EQ (mkfifo ((root + "/bin/fifo").c_str (), 0777), 0);
  EXPECT_EQ (verify ("/bin/text"), Strings{"not-a-program /bin/text"});
  EXPECT_EQ (verify ("/bin/empty"), Strings{"not-a-program /bin/empty"});
  EXPECT_EQ (verify ("/bin/elf"), Strings{"not-a-program /bin/elf"});
  EXPECT_EQ (verify ("/bin/data"), Strings{"not-executable /bin/data"});
  EXPECT_EQ (verify ("/bin/object"), Strings{"damaged /bin/object"});
  EXPECT_EQ (verify ("/bin/cut"), Strings{"damaged /bin/cut"});
  EXPECT_EQ (verify ("/bin/dir"), Strings{"is-directory /bin/dir"});
  EXPECT_EQ (verify ("/bin/fifo"), Strings{"not-executable /bin/fifo"});
  EXPECT_EQ (verify ("/bin/text/x"), Strings{"not-found /bin/text/x"});
}

TEST_F (VerifyTest, AnotherMachine)
{
  std::string file = ElfFile{{}, "", "", "", "", 0, ET_DYN, EM_S390}.make ();

  put ("/bin/other", file);
  EXPECT_EQ (verify ("/bin/other"), Strings{"wrong-machine /bin/other"});
  EXPECT_FALSE (runs);
#if defined(__x86_64__)
  put ("/bin/small", ElfFile{{}, "", "", "", "", 0, ET_DYN, EM_386}.make ());
  EXPECT_EQ (verify ("/bin/small"), Strings{"unchecked-machine /bin/small"});
  EXPECT_TRUE (runs);
#endif
}

TEST_F (VerifyTest, TheLoader)
{
  put_program ("/bin/tool", {"libc.so.6"});
  EXPECT_EQ (verify ("tool"), Strings{"missing-loader " GLIBC " /bin/tool"});
  put (GLIBC, "text");
  EXPECT_EQ (verify ("tool"), Strings{"bad-loader " GLIBC " /bin/tool"});
  put_loaders ();
  chmod ((root + GLIBC).c_str (), 0644);
  EXPECT_EQ (verify ("tool"), Strings{"bad-loader " GLIBC " /bin/tool"});
  chmod ((root + GLIBC).c_str (), 0755);
  EXPECT_EQ (verify ("tool"), Strings{"missing-library libc.so.6 /bin/tool"});
  put_library ("/usr/lib/libc.so.6", {"ld-linux-x86-64.so.2"});
  EXPECT_EQ (verify ("tool"), Strings{});
}

TEST_F (VerifyTest, LibrariesOfLibraries)
{
  put_loaders ();
  put_program ("/bin/tool", {"liba.so", "libb.so"});
  put_library ("/usr/lib/liba.so", {"libc.so", "libb.so"});
  put_library ("/usr/lib/libb.so", {"liba.so", "libgone.so"}); /* a circle */
  put_library ("/lib/libc.so", {"libgone.so", "liblost.so"});
  EXPECT_EQ (verify ("tool"), (Strings{"missing-library libgone.so /usr/lib/libb.so",
                                       "missing-library liblost.so /lib/libc.so"}));
}

TEST_F (VerifyTest, RefusesInvalidLibraries)
{
  put_loaders ();
  put_program ("/bin/tool", {"liba.so"});
  put ("/lib/x86_64-linux-gnu/liba.so", "");
#if defined(__x86_64__)
  EXPECT_EQ (verify ("tool"), Strings{"bad-library /lib/x86_64-linux-gnu/liba.so /bin/tool"});
  put ("/lib/x86_64-linux-gnu/liba.so", ElfFile{{}, "", "", "", "", 0, ET_DYN, EM_S390}.make ());
  EXPECT_EQ (verify ("tool"), Strings{"library-for-other-machine liba.so /bin/tool"});
  put_library ("/usr/lib/liba.so"); /* glibc's loader goes on */
  EXPECT_EQ (verify ("tool"), Strings{});
#endif
  put_program ("/bin/tool", {"libfifo.so"}, MUSL);
  ASSERT_EQ (mkfifo ((root + "/lib/libfifo.so").c_str (), 0777), 0);
  EXPECT_EQ (verify ("tool"), Strings{"bad-library /lib/libfifo.so /bin/tool"});
}

TEST_F (VerifyTest, SearchPathsOfGlibc)
{
  ElfFile file = {{"liba.so"}, GLIBC};

  put_loaders ();
  put_library ("/opt/app/lib/liba.so", {"libb.so"});
  put_library ("/opt/app/lib/libb.so");
  link ("/usr/bin/tool", "../../opt/app/bin/tool");

  file.rpath = "$ORIGIN/../lib";
  put ("/opt/app/bin/tool", file.make ());
  EXPECT_EQ (verify ("tool"), Strings{}); /* also for the libraries of libraries */

  file.rpath = "";
  file.runpath = "/nothing:${ORIGIN}/../lib";
  put ("/opt/app/bin/tool", file.make ());
  EXPECT_EQ (verify ("tool"), Strings{"missing-library libb.so /opt/app/bin/../lib/liba.so"});
  for (const char *path : {"/nothing;/opt/app/lib", "$ORIGIN/../lib", "../opt/app/lib"}) {
    env = {std::string ("LD_LIBRARY_PATH=") + path};
    directory = "/usr";
    EXPECT_EQ (verify ("tool"), Strings{}) << path;
  }
  directory = "";
  env.clear ();

  file.rpath = "/opt/app/lib"; /* does not count beside a DT_RUNPATH */
  file.runpath = "/nothing";
  put ("/opt/app/bin/tool", file.make ());
  EXPECT_EQ (verify ("tool"), Strings{"missing-library liba.so /usr/bin/tool"});

  file.rpath = "";
  file.runpath = "/opt/$NONSENSE";
  put ("/opt/app/bin/tool", file.make ());
  EXPECT_EQ (verify ("tool"), Strings{"unchecked-library liba.so /usr/bin/tool"});
  EXPECT_TRUE (runs);

  file.runpath = "";
  file.needed = {"/opt/app/lib/libb.so", "$ORIGIN/../lib/libb.so", "/opt/libgone.so"};
  put ("/opt/app/bin/tool", file.make ());
  EXPECT_EQ (verify ("tool"), Strings{"missing-library /opt/libgone.so /usr/bin/tool"});

  file.needed = {"liba.so"};
  file.flags = DF_1_NODEFLIB;
  put_library ("/usr/lib/liba.so");
  put ("/opt/app/bin/tool", file.make ());
  EXPECT_EQ (verify ("tool"), Strings{"missing-library liba.so /usr/bin/tool"});
}

/* The loader's file has its default directories; the last name of the first one is $LIB. */
TEST_F (VerifyTest, DirectoriesOfTheLoader)
{
  const std::string table = cache_path + std::string ("\1/lib64/\0/usr/lib64/\0no/lib/\0", 29);
  ElfFile file = {{"liba.so", "libb.so"}, GLIBC};

  file.runpath = "/opt/$LIB";
  put ("/bin/tool", file.make ());
  put (GLIBC, ElfFile{{}, ""}.make () + table);
  put_library ("/usr/lib64/liba.so");
  put_library ("/opt/lib64/libb.so");
  EXPECT_EQ (verify ("tool"), Strings{});
  fs::remove (root + "/usr/lib64/liba.so");
  for (const char *other : {"/lib", "/usr/lib", "/no/lib", "/opt/lib", "/usr/local/lib"})
    put_library (std::string (other) + "/liba.so");
  EXPECT_EQ (verify ("tool"), Strings{"missing-library liba.so /bin/tool"});
  put_library ("/lib64/glibc-hwcaps/x86-64-v2/liba.so");
#if defined(__x86_64__)
  EXPECT_EQ (verify ("tool"), Strings{});
#endif
}

TEST_F (VerifyTest, ALibraryCountsByItsOwnName)
{
  put_loaders ();
  put_library ("/opt/libx-1.2.so", {}, "libx.so.1");
  put_program ("/bin/tool", {"/opt/libx-1.2.so", "libx.so.1"});
  EXPECT_EQ (verify ("tool"), Strings{});
  put_program ("/bin/tool", {"/opt/libx-1.2.so", "libx.so.1"}, MUSL);
  EXPECT_EQ (verify ("tool"), Strings{"missing-library libx.so.1 /bin/tool"});
}

TEST_F (VerifyTest, SearchPathsOfMusl)
{
  ElfFile file = {{"liba.so", "libc.musl-x86_64.so.1", "libm.so.6"}, MUSL};

  put_loaders ();
  put_library ("/usr/local/lib/liba.so");
  put ("/bin/tool", file.make ());
  EXPECT_EQ (verify ("tool"), Strings{});
  put ("/etc/ld-musl-x86_64.path", "", 0644);
  EXPECT_EQ (verify ("tool"), Strings{"missing-library liba.so /bin/tool"});
  put ("/etc/ld-musl-x86_64.path", "/lib\n/opt/lib:/usr/lib\n", 0644);
  EXPECT_EQ (verify ("tool"), Strings{"missing-library liba.so /bin/tool"});
  put_library ("/opt/lib/liba.so", {"libb.so"});
  put_library ("/srv/libb.so");
  EXPECT_EQ (verify ("tool"), Strings{"missing-library libb.so /opt/lib/liba.so"});
  file.runpath = "/srv:$LIB"; /* ignored as a whole */
  put ("/bin/tool", file.make ());
  EXPECT_EQ (verify ("tool"), Strings{"missing-library libb.so /opt/lib/liba.so"});
  file.runpath = "/srv"; /* counts for all libraries */
  put ("/bin/tool", file.make ());
  EXPECT_EQ (verify ("tool"), Strings{});
}

/* As musl installs its loader. */
TEST_F (VerifyTest, TheLoaderOfMuslMayBeALinkToItsLibrary)
{
  put_loaders ();
  put_library ("/opt/libc.so");
  chmod ((root + "/opt/libc.so").c_str (), 0755);
  fs::remove (root + MUSL);
  link (MUSL, "../opt/libc.so");
  put_program ("/bin/tool", {"liba.so", "libc.so"}, MUSL);
  EXPECT_EQ (verify ("tool"), Strings{"missing-library liba.so /bin/tool"});
  put ("/etc/ld-musl-x86_64.path", "/srv", 0644);
  put_library ("/srv/liba.so");
  EXPECT_EQ (verify ("tool"), Strings{});
  put ("/opt/other", ElfFile{{}, ""}.make ());
  fs::remove (root + MUSL);
  link (MUSL, "../opt/other");
  EXPECT_EQ (verify ("tool"), (Strings{"unchecked-library liba.so /bin/tool",
                                       "unchecked-library libc.so /bin/tool"}));
}

/* A cache of a new or an old ldconfig. */
static std::string
make_cache (const std::map<std::string, std::string> &libraries, bool old = false, int kind = 0)
{
  const guint32 n = (guint32)libraries.size (), size = 48 + n * 24;
  std::string entries, strings, header = old ? std::string ("ld.so-1.7.0\0", 12) : "";
  auto add = [] (std::string &text, guint64 value, gsize bytes) {
    text.append ((const char *)&value, bytes);
  };

#if defined(__x86_64__)
  kind = kind ? kind : 0x0303;
#elif defined(__aarch64__)
  kind = kind ? kind : 0x0a03;
#elif defined(__riscv)
  kind = kind ? kind : 0x1003;
#endif
  if (old) {
    add (header, 1, 4);
    header += std::string (12 + 4, 'x'); /* one entry, and padding */
  }
  header += "glibc-ld.so.cache1.1";
  for (const auto &[name, path] : libraries) {
    const guint32 at = size + (guint32)strings.size ();

    strings += name + std::string (1, '\0') + path + std::string (1, '\0');
    add (entries, (guint64)kind, 4);
    add (entries, at, 4);
    add (entries, at + name.size () + 1, 4);
    add (entries, 0, 4);
    add (entries, 0, 8);
  }
  add (header, n, 4);
  add (header, strings.size (), 4);
  return header + std::string (20, '\0') + entries + strings;
}

TEST_F (VerifyTest, TheCacheCountsAndItsConfigurationDoesNot)
{
  const std::map<std::string, std::string> libraries = {{"liba.so", "/opt/x/liba.so"},
                                                        {"libb.so", "/gone/libb.so"}};

  put_loaders ();
  put_program ("/bin/tool", {"liba.so"});
  put_library ("/opt/x/liba.so");
  put ("/etc/ld.so.conf", "# comment\ninclude ld.so.conf.d/*.conf\n/nothing\n", 0644);
  put ("/etc/ld.so.conf.d/x.conf", "/opt/x # there\ninclude /etc/ld.so.conf\n", 0644);
  EXPECT_EQ (verify ("tool"), Strings{"uncached-library liba.so /bin/tool"});
  for (bool old : {false, true}) {
    put ("/etc/ld.so.cache", make_cache (libraries, old), 0644);
    EXPECT_EQ (verify ("tool"), Strings{}) << old;
  }
  put ("/etc/ld.so.cache", make_cache (libraries, false, 0x0803), 0644); /* of another machine */
  EXPECT_EQ (verify ("tool"), Strings{"uncached-library liba.so /bin/tool"});
  put_program ("/bin/tool", {"libb.so"});
  put ("/etc/ld.so.cache", make_cache (libraries), 0644);
  EXPECT_EQ (verify ("tool"), Strings{"missing-library libb.so /bin/tool"});
  /* A cut cache is ignored. */
  for (gsize length : {0u, 20u, 48u, 60u, 100u}) {
    put ("/etc/ld.so.cache", make_cache (libraries).substr (0, length), 0644);
    EXPECT_EQ (verify ("tool"), Strings{"missing-library libb.so /bin/tool"});
  }
}

TEST_F (VerifyTest, APreloadedLibraryMayBeTheMissingOne)
{
  put_loaders ();
  put_program ("/bin/tool", {"liba.so"});
  env = {"LD_PRELOAD=/opt/liba.so.1"};
  EXPECT_EQ (verify ("tool"), Strings{"unchecked-library liba.so /bin/tool"});
  env = {"LD_PRELOAD="};
  EXPECT_EQ (verify ("tool"), Strings{"missing-library liba.so /bin/tool"});
  put ("/etc/ld.so.preload", "/opt/liba.so.1");
  EXPECT_EQ (verify ("tool"), Strings{"unchecked-library liba.so /bin/tool"});
}

/* glibc in another prefix has its own cache, and another libc may take the place of glibc. */
TEST_F (VerifyTest, OtherLoadersByThatName)
{
  put_program ("/bin/tool", {"liba.so"});
  put_library ("/opt/x/liba.so");
  put ("/etc/ld.so.cache", make_cache ({{"liba.so", "/opt/x/liba.so"}}), 0644);
  put (GLIBC, ElfFile{{}, ""}.make () + "\n/nix/x/etc/ld.so.cache" + std::string (1, '\0'));
  EXPECT_EQ (verify ("tool"), Strings{"missing-library liba.so /bin/tool"});
  put ("/nix/x/etc/ld.so.cache", make_cache ({{"liba.so", "/opt/x/liba.so"}}), 0644);
  EXPECT_EQ (verify ("tool"), Strings{});

  put_library (MUSL);
  chmod ((root + MUSL).c_str (), 0755);
  fs::remove (root + GLIBC);
  link (GLIBC, ".." MUSL);
  EXPECT_EQ (verify ("tool"), Strings{"missing-library liba.so /bin/tool"});
  put ("/etc/ld-musl-x86_64.path", "/opt/x");
  EXPECT_EQ (verify ("tool"), Strings{});
  fs::remove (root + GLIBC);
  put (GLIBC, ElfFile{{}, ""}.make ());
  put_program ("/bin/tool", {"libc.so.6"});
  EXPECT_EQ (verify ("tool"), Strings{"unchecked-library libc.so.6 /bin/tool"});
}

TEST_F (VerifyTest, AnUnknownLoaderIsOnlyDoubted)
{
  put_program ("/bin/tool", {"liba.so"}, "/lib/ld-other.so");
  put ("/lib/ld-other.so", ElfFile{{}, ""}.make ());
  EXPECT_EQ (verify ("tool"), Strings{"unchecked-library liba.so /bin/tool"});
  EXPECT_TRUE (runs);
}

TEST_F (VerifyTest, Scripts)
{
  const std::string tool = ElfFile{{}, ""}.make ();

  put ("/bin/sh", tool);
  put ("/bin/s", "#!/bin/sh\n");
  EXPECT_EQ (verify ("s"), Strings{});
  put ("/bin/s", "#! \t/bin/sh -e \n");
  EXPECT_EQ (verify ("s"), Strings{});
  put ("/bin/s", "#!/bin/bash\n");
  EXPECT_EQ (verify ("s"), Strings{"missing-interpreter /bin/bash /bin/s"});
  put ("/bin/s", "#!/bin/sh\r\necho\r\n");
  EXPECT_EQ (verify ("s"), Strings{"line-ending /bin/sh\r /bin/s"});
  put ("/bin/s", "#!\n/bin/sh");
  EXPECT_EQ (verify ("s"), Strings{"bad-interpreter-line /bin/s"});
  put ("/" + std::string (252, 'x'), tool);
  put ("/bin/s", "#!/" + std::string (252, 'x')); /* the longest name */
  EXPECT_EQ (verify ("s"), Strings{});
  put ("/bin/s", "#!/" + std::string (300, 'x'));
  EXPECT_EQ (verify ("s"), Strings{"bad-interpreter-line /bin/s"});
  put ("/bin/s", "#!/bin/sh " + std::string (300, 'x')); /* cut, but the kernel allows that */
  EXPECT_EQ (verify ("s"), Strings{});
  put ("/bin/s", "#!/bin");
  EXPECT_EQ (verify ("s"), Strings{"is-directory /bin /bin/s"});
  put ("/bin/s", "#!/bin/text");
  put ("/bin/text", "text");
  EXPECT_EQ (verify ("s"), Strings{"not-a-program /bin/text /bin/s"});
}

TEST_F (VerifyTest, ScriptsOfScripts)
{
  put ("/s0", ElfFile{{}, ""}.make ());
  for (int i = 1; i <= 6; i++)
    put ("/s" + std::to_string (i), "#!/s" + std::to_string (i - 1) + "\n");
  EXPECT_EQ (verify ("/s5"), Strings{});
  EXPECT_EQ (verify ("/s6"), Strings{"too-many-interpreters /s0 /s1"});
  put ("/s0", "#!/s0\n");
  EXPECT_EQ (verify ("/s0").size (), 1u);
  EXPECT_FALSE (runs);
}

TEST_F (VerifyTest, Env)
{
  const std::string tool = ElfFile{{}, ""}.make ();
  const std::map<std::string, Strings> lines = {
      {"#!/usr/bin/env", {"bad-interpreter-line /bin/s"}},
      {"#!/usr/bin/env A=b", {"bad-interpreter-line /bin/s"}},
      {"#!/usr/bin/env python3", {}},
      {"#!/usr/bin/env /usr/bin/python3", {}},
      {"#!/usr/bin/env perl", {"missing-interpreter perl /bin/s"}},
      {"#!/usr/bin/env python3 -u", {"unsplit-interpreter python3 -u /bin/s"}},
      {"#!/usr/bin/env -S python3 -u", {}},
      {"#!/usr/bin/env -S -u C -i A=b 'python3' -u", {}},
      {"#!/usr/bin/env -S A=b -i python3", {"missing-interpreter -i /bin/s"}},
      {"#!/usr/bin/env -S perl -w", {"missing-interpreter perl /bin/s"}},
      {"#!/usr/bin/env -S PATH=/opt node", {}},
      {"#!/usr/bin/env node", {"missing-interpreter node /bin/s"}},
      {"#!/usr/bin/env -S 'python3", {"unchecked-interpreter /bin/s /bin/s"}},
      {"#!/usr/bin/env -S ${X} a", {"unchecked-interpreter /bin/s /bin/s"}},
      {"#!/usr/bin/env --new-option x", {"unchecked-interpreter /bin/s /bin/s"}},
      {"#!/usr/bin/env python3\r", {"line-ending python3\r /bin/s"}},
      {"#!/usr/bin/env -S python3\r", {}},
      {"#!/bin/env python3", {"missing-interpreter /bin/env /bin/s"}},
  };

  put ("/usr/bin/env", tool);
  put ("/usr/bin/python3", tool);
  put ("/opt/node", tool);
  for (const auto &[line, problems] : lines) {
    put ("/bin/s", line + "\n");
    EXPECT_EQ (verify ("s"), problems) << line;
  }
  put ("/bin/s", "#!/usr/bin/env s\n"); /* a circle */
  EXPECT_FALSE (verify ("s").empty ());
  EXPECT_FALSE (runs);
}

TEST_F (VerifyTest, Links)
{
  const std::string tool = ElfFile{{}, ""}.make ();

  link ("/usr/bin/tool", "/nix/store/x-tool/bin/tool");
  EXPECT_EQ (verify ("tool"), Strings{"dangling-link /usr/bin/tool"});
  EXPECT_EQ (verify ("/usr/bin/tool"), Strings{"dangling-link /usr/bin/tool"});
  put ("/nix/store/x-tool/bin/tool", tool); /* absolute links stay inside */
  EXPECT_EQ (verify ("tool"), Strings{});
  link ("/up", "../../../../../../nix/store/x-tool/bin/tool");
  EXPECT_EQ (verify ("/up"), Strings{});
  link ("/host", "../../../../../../../../../../../../proc/self/exe");
  EXPECT_EQ (verify ("/host"), Strings{"dangling-link /host"});
  link ("/round", "/round");
  EXPECT_EQ (verify ("/round"), Strings{"not-found /round"});
  link ("/gone", "/nix/store/gone");
  EXPECT_EQ (verify ("/gone/bin/tool"), Strings{"dangling-link /gone/bin/tool"});
  env = {"PATH=/gone/bin"};
  EXPECT_EQ (verify ("tool"), Strings{"dangling-link /gone/bin/tool"});
  /* A file that is missing behind a good link is only missing. */
  link ("/lib64", "usr/lib");
  fs::create_directories (root + "/usr/lib");
  put_program ("/usr/bin/other", {});
  EXPECT_EQ (verify ("/usr/bin/other"), Strings{"missing-loader " GLIBC " /usr/bin/other"});
  put ("/usr/bin/script", "#!/gone/bin/sh");
  EXPECT_EQ (verify ("/usr/bin/script"), Strings{"dangling-link /gone/bin/sh /usr/bin/script"});
}

TEST_F (VerifyTest, WarnsOfMissingCommonFiles)
{
  const Strings all = {"no-shell", "no-passwd", "no-certificates", "no-time-zones"};
  auto missing = [this] {
    g_autofd int fd = open (root.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *none[] = {nullptr};
    const QuiltVerification of = {fd, "/tool", "", none};
    g_autoptr (GVariant) answer = g_variant_ref_sink (quilt_verify (&of));
    g_autoptr (GVariant) rows = g_variant_get_child_value (answer, 0);
    Strings kinds;

    for (gsize i = 0; i < g_variant_n_children (rows); i++) {
      g_autoptr (GVariant) row = g_variant_get_child_value (rows, i);
      const char *kind;

      g_variant_lookup (row, "kind", "&s", &kind);
      kinds.push_back (kind);
    }
    return kinds;
  };

  put ("/tool", ElfFile{{}, ""}.make ());
  EXPECT_EQ (missing (), all);
  link ("/bin/sh", "/nowhere");
  EXPECT_EQ (missing (), all);
  put ("/nowhere", "");
  put ("/etc/passwd", "");
  put ("/etc/ssl/cert.pem", "");
  fs::create_directories (root + "/usr/share/zoneinfo");
  EXPECT_EQ (missing (), Strings{});
}

/* Hostile images get an answer in time, and it is not that they run. */
TEST_F (VerifyTest, TooMuch)
{
  ElfFile file = {{}, GLIBC};
  const gint64 begin = g_get_monotonic_time ();

  put_loaders ();
  for (int i = 0; i < 100000; i++)
    file.needed.push_back ("lib" + std::to_string (i) + ".so");
  put ("/many", file.make ());
  EXPECT_EQ (verify ("/many"), Strings{"too-large /many"});
  EXPECT_FALSE (runs);

  file.needed = {"liba.so"};
  file.runpath = std::string (60000, ':');
  put ("/colons", file.make ());
  verify ("/colons");
  EXPECT_FALSE (runs);

  file.runpath = std::string (200000, 'x');
  put ("/long", file.make ());
  verify ("/long");
  EXPECT_FALSE (runs);

  file.runpath = "";
  for (int i = 0; i < 2500; i++) {
    const std::string name = "libchain" + std::to_string (i) + ".so";

    put_library ("/lib/" + name, {"libchain" + std::to_string (i + 1) + ".so"});
  }
  file.needed = {"libchain0.so"};
  put ("/chain", file.make ());
  EXPECT_EQ (verify ("/chain"), Strings{"too-large /chain"});

  put ("/sparse", ElfFile{{}, ""}.make ());
  ASSERT_EQ (truncate ((root + "/sparse").c_str (), (off_t)1 << 42), 0);
  EXPECT_EQ (verify ("/sparse"), Strings{});
  put ("/etc/ld.so.cache", "glibc-ld.so.cache1.1");
  ASSERT_EQ (truncate ((root + "/etc/ld.so.cache").c_str (), (off_t)1 << 42), 0);
  put ("/etc/ld.so.conf",
       std::string (30000, '/') + "\ninclude *\ninclude *.conf ../*/* ld.so.conf");
  file.needed = {"libgone.so"};
  put ("/tool", file.make ());
  EXPECT_EQ (verify ("/tool"), Strings{"missing-library libgone.so /tool"});
  EXPECT_LT (g_get_monotonic_time () - begin, 60 * G_USEC_PER_SEC);
}

/* All entries of a cache share one long string, each from another byte on. */
TEST_F (VerifyTest, ACacheThatSharesItsStrings)
{
  const guint32 n = 100000, size = 48 + n * 24;
  const guint64 none = 0;
  std::string cache = "glibc-ld.so.cache1.1";
  auto add = [&cache] (guint32 value) { cache.append ((const char *)&value, 4); };

  add (n);
  add (0);
  cache += std::string (20, '\0');
  for (guint32 i = 0; i < n; i++) {
    add (0x0303);
    add (size + i);
    add (size + i);
    add (0);
    cache.append ((const char *)&none, 8);
  }
  put_loaders ();
  put_program ("/bin/tool", {"liba.so"});
  for (gsize length : {(gsize)n, (gsize)8 * 1024 * 1024}) {
    put ("/etc/ld.so.cache", cache + std::string (length, 'x') + std::string (1, '\0'));
    EXPECT_EQ (verify ("tool"), Strings{"missing-library liba.so /bin/tool"});
  }
}

TEST_F (VerifyTest, AtMostAHundredProblems)
{
  ElfFile file = {{}, GLIBC};

  put_loaders ();
  for (int i = 0; i < 1000; i++)
    file.needed.push_back ("lib" + std::to_string (i) + "\xff\n.so");
  put ("/many", file.make ());
  EXPECT_EQ (verify ("/many").size (), 100u);
}
