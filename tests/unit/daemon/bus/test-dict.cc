/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a method, key by key, the leftovers refused. */
#include "base/check.h"

extern "C" {
#include "daemon/bus/dict.h"
}

class Dict : public testing::Test
{
protected:
  GVariant *parse (const char *text)
  {
    g_clear_pointer (&dict, g_variant_unref);
    dict = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, nullptr, nullptr, nullptr);
    return dict;
  }

  void TearDown () override
  {
    g_clear_pointer (&dict, g_variant_unref);
  }

  GVariant *dict = nullptr;
  guint64 timeout = 7;
  gboolean force = FALSE, seen = FALSE;
  gint32 fd = -1;
  const QuiltDictKey keys[3] = {{"timeout", 't', &timeout, &seen},
                                {"force", 'b', &force, nullptr},
                                {"stdout", 'h', &fd, nullptr}};
  Error error;
};

TEST_F (Dict, ReadsWhatIsThere)
{
  EXPECT_TRUE (quilt_dict_read (parse ("{}"), nullptr, 0, error.out ()));
  EXPECT_TRUE (quilt_dict_read (parse ("{'force': <true>}"), keys, 3, error.out ()));
  EXPECT_TRUE (force);
  EXPECT_FALSE (seen);
  EXPECT_EQ (timeout, 7u);
  EXPECT_TRUE (quilt_dict_read (parse ("{'timeout': <uint64 0>, 'stdout': <handle 3>}"), keys, 3,
                                error.out ()));
  EXPECT_TRUE (seen);
  EXPECT_EQ (timeout, 0u);
  EXPECT_EQ (fd, 3);
}

TEST_F (Dict, TakesListsOfBytes)
{
  g_auto (GStrv) env = nullptr;
  const QuiltDictKey key = {"env", 'a', &env, nullptr};

  /* With and without the final NUL; the last of two counts. */
  EXPECT_TRUE (quilt_dict_read (parse ("{'env': <@aay [b'A=1']>}"), &key, 1, error.out ()));
  EXPECT_TRUE (quilt_dict_read (parse ("{'env': <@aay [b'A=\\377', [0x42, 0x3d]]>}"), &key, 1,
                                error.out ()));
  ASSERT_NE (env, nullptr);
  EXPECT_STREQ (env[0], "A=\xff");
  EXPECT_STREQ (env[1], "B=");
  EXPECT_EQ (env[2], nullptr);
  EXPECT_FALSE (
      quilt_dict_read (parse ("{'env': <@aay [[0x42, 0x00, 0x3d]]>}"), &key, 1, error.out ()));
  EXPECT_NE (error.message ().find ("NUL"), std::string::npos);
}

TEST_F (Dict, RefusesByNameAndReadsNothing)
{
  const struct {
    const char *text;
    QuiltError code;
    const char *message;
  } bad[] = {
      {"{'timeout': <uint64 1>, 'x\\ny': <1>}", QUILT_ERROR_NOT_SUPPORTED, "There is no option"},
      {"{'timeout': <uint64 1>, 'Force': <true>}", QUILT_ERROR_NOT_SUPPORTED, "'Force'"},
      {"{'timeout': <uint64 1>, 'force': <1>}", QUILT_ERROR_INVALID_ARGUMENT, "'force'"},
      {"{'timeout': <uint64 1>, 'stdout': <1>}", QUILT_ERROR_INVALID_ARGUMENT, "'stdout'"},
      {"{'timeout': <'1'>}", QUILT_ERROR_INVALID_ARGUMENT, "'timeout'"},
      {"{'timeout': <<uint64 1>>}", QUILT_ERROR_INVALID_ARGUMENT, "'timeout'"},
  };

  for (const auto &one : bad) {
    EXPECT_FALSE (quilt_dict_read (parse (one.text), keys, 3, error.out ())) << one.text;
    EXPECT_TRUE (error.is (one.code, one.message)) << one.text;
    EXPECT_EQ (timeout, 7u) << one.text;
    EXPECT_FALSE (seen) << one.text;
  }
}

TEST_F (Dict, LeavesWhatItDoesNotKnow)
{
  g_autoptr (GVariant) rest =
      quilt_dict_take (parse ("{'name': <'web'>, 'stdout': <handle 0>}"), keys, 3, error.out ());

  ASSERT_NE (rest, nullptr);
  EXPECT_EQ (fd, 0);
  EXPECT_EQ (g_variant_n_children (rest), 1u);
  EXPECT_TRUE (g_variant_lookup (rest, "name", "&s", nullptr));
}
