/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which containers share what their setup steps leave behind. */
#include "base/check.h"

#include <map>
#include <set>

extern "C" {
#include "spec/options/setup-cache.h"
#include "spec/options/setup-key.h"
#include "spec/options/table.h"
}

using std::string;
using Options = std::unique_ptr<QuiltOptions, void (*) (QuiltOptions *)>;

static Options
read (const string &text, Error &error)
{
  GVariant *dict =
      g_variant_parse (G_VARIANT_TYPE_VARDICT, text.c_str (), nullptr, nullptr, nullptr);

  EXPECT_NE (dict, nullptr) << text;
  Options options (quilt_options_from_variant (dict, error.out ()), quilt_options_free);
  g_variant_unref (dict);
  return options;
}

static char env[] = "A=b";
static char *image_env[] = {env, nullptr};
static const QuiltSetupGround ground = {"sha256:1", image_env, "/srv", "x86_64", 1000};

static string
key (const string &more, const QuiltSetupGround &on = ground)
{
  Error error;
  Options options = read ("{'setup': <['apt: x', 'true']>" + more + "}", error);

  EXPECT_TRUE (error.none ()) << more;
  return take (quilt_setup_key_new (options.get (), &on));
}

TEST (SetupCache, ModeIsUseWherePossible)
{
  const struct {
    const char *dict;
    QuiltSetupCache mode;
  } cases[] = {
      {"{}", QUILT_SETUP_CACHE_OFF},
      {"{'setup-cache': <'use'>}", QUILT_SETUP_CACHE_OFF},
      {"{'setup': <['x']>}", QUILT_SETUP_CACHE_USE},
      {"{'setup': <['x']>, 'setup-cache': <'use'>}", QUILT_SETUP_CACHE_USE},
      {"{'setup': <['x']>, 'setup-cache': <'refresh'>}", QUILT_SETUP_CACHE_REFRESH},
      {"{'setup': <['x']>, 'setup-cache': <'off'>}", QUILT_SETUP_CACHE_OFF},
      {"{'setup': <['x']>, 'network': <'host'>}", QUILT_SETUP_CACHE_USE},
      {"{'setup': <['x']>, 'network': <'container:a'>}", QUILT_SETUP_CACHE_OFF},
      {"{'setup': <['x']>, 'volumes': <[('/a', '/b', ['ro'])]>}", QUILT_SETUP_CACHE_OFF},
      {"{'setup': <['x']>, 'devices': <[('/dev/fuse', '/dev/fuse', 'rw')]>}",
       QUILT_SETUP_CACHE_OFF},
      {"{'setup': <['x']>, 'privileged': <true>}", QUILT_SETUP_CACHE_OFF},
  };

  for (const auto &c : cases) {
    Error error;
    Options options = read (c.dict, error);

    ASSERT_TRUE (error.none ()) << c.dict;
    EXPECT_EQ (quilt_setup_cache_get (options.get ()), c.mode) << c.dict;
  }
}

TEST (SetupCache, ModesThatCantBeAreRefused)
{
  for (const string mode : {"use", "refresh"})
    for (const string other :
         {"'volumes': <[('/a', '/b', ['ro'])]>", "'privileged': <true>",
          "'devices': <[('/dev/fuse', '/dev/fuse', 'rw')]>", "'ipc': <'container:a'>"}) {
      Error error;
      Options options =
          read ("{'setup': <['x']>, 'setup-cache': <'" + mode + "'>, " + other + "}", error);

      EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "can't be kept with the option '"))
          << other;
      EXPECT_EQ (options, nullptr);
    }
  Error error;
  read ("{'setup-cache': <'on'>}", error);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "must be use, refresh or off"));
}

TEST (SetupCache, KeyHasWhatMatters)
{
  const std::map<string, string> changes = {
      {"nothing", ""},
      {"env", ", 'env': <[b'C=d']>"},
      {"order of env", ", 'env': <[b'C=d', b'E=f']>"},
      {"order of env, turned", ", 'env': <[b'E=f', b'C=d']>"},
      {"user", ", 'user': <'1'>"},
      {"working directory", ", 'working-directory': <'/tmp'>"},
      {"network", ", 'network': <'host'>"},
      {"capability", ", 'cap-add': <['SYS_ADMIN']>"},
      {"hostname", ", 'hostname': <'x'>"},
      {"read-only", ", 'read-only': <true>"},
      {"filter", ", 'seccomp': <'unconfined'>"},
      {"ids", ", 'userns': <'host'>"},
      {"tmpfs", ", 'tmpfs': <[('/srv', @as [])]>"},
  };
  std::set<string> keys;

  for (const auto &c : changes)
    EXPECT_TRUE (keys.insert (key (c.second)).second) << c.first;

  QuiltSetupGround other = ground;
  other.image = "sha256:2";
  EXPECT_TRUE (keys.insert (key ("", other)).second);
  other = ground;
  other.image_env = nullptr;
  EXPECT_TRUE (keys.insert (key ("", other)).second);
  other = ground;
  other.working_directory = nullptr;
  EXPECT_TRUE (keys.insert (key ("", other)).second);
  other = ground;
  other.machine = "aarch64";
  EXPECT_TRUE (keys.insert (key ("", other)).second);
  other = ground;
  other.owner = 0;
  EXPECT_TRUE (keys.insert (key ("", other)).second);

  Error error;
  for (const char *steps : {"['true', 'apt: x']", "['apt: x true']", "['apt: x']",
                            "['apt: x', 'true ']", "['apt: x', 'true', 'true']"}) {
    Options options = read (string ("{'setup': <") + steps + ">}", error);
    EXPECT_TRUE (keys.insert (take (quilt_setup_key_new (options.get (), &ground))).second)
        << steps;
  }
  for (const string &one : keys)
    EXPECT_EQ (one.size (), 64u);
}

TEST (SetupCache, KeyLacksWhatDoesNotMatter)
{
  for (const char *more :
       {", 'name': <'web'>", ", 'command': <[b'x']>", ", 'labels': <['a=b']>",
        ", 'memory-max': <uint64 67108864>", ", 'setup-timeout': <uint64 90000000>",
        ", 'setup-cache': <'refresh'>", ", 'auto-remove': <true>", ", 'terminal': <true>",
        ", 'interactive': <true>", ", 'cpu-quota': <uint64 1000000>"})
    EXPECT_EQ (key (more), key ("")) << more;
}

/* An option that was renamed would count unnoticed. */
TEST (SetupCache, EachOptionThatDoesNotMatterExists)
{
  guint n = 0;

  for (const QuiltOption *option = quilt_option_table; option->key; option++)
    n += !quilt_setup_key_counts (option->key);
  EXPECT_EQ (n, 32u);
}
