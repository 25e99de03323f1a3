// SPDX-License-Identifier: LGPL-2.1-or-later
// Options as runc's and crun's callers spell them.
#include <gtest/gtest.h>
#include <string>
#include <vector>

extern "C" {
#include "base/error.h"
#include "oci/verbs/command-line.h"
#include "oci/state/root.h"
#include "oci/verbs/verbs.h"
}

namespace
{
struct Result {
  bool ok;
  std::string file;
  bool all;
  std::vector<std::string> rest;
  std::string error;
};

Result
parse (std::vector<const char *> words, bool in_order = false)
{
  g_autofree char *file = nullptr;
  gboolean all = FALSE;
  const GOptionEntry entries[] = {
      {"file", 'f', 0, G_OPTION_ARG_FILENAME, &file, "", "FILE"},
      {"all", 'a', 0, G_OPTION_ARG_NONE, &all, "", nullptr},
      {},
  };
  g_autoptr (GOptionContext) context = g_option_context_new ("");
  g_autoptr (GPtrArray) left = nullptr;
  g_autoptr (GError) error = nullptr;
  Result result = {};

  words.insert (words.begin (), "verb");
  words.push_back (nullptr);
  left = quilt_oci_read_options ((char **)words.data (), context, entries, in_order, &error);
  result.ok = left != nullptr;
  result.file = file ? file : "";
  result.all = all;
  if (error) {
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT));
    result.error = error->message;
  }
  for (guint i = 1; left && left->pdata[i]; i++)
    result.rest.push_back ((const char *)left->pdata[i]);
  return result;
}

using Words = std::vector<std::string>;
} // namespace

TEST (CommandLine, Spellings)
{
  const struct {
    std::vector<const char *> words;
    const char *file;
    bool all;
    Words rest;
  } cases[] = {
      {{"--file=a", "x"}, "a", false, {"x"}},
      {{"--file", "a", "x"}, "a", false, {"x"}},
      {{"-f", "a", "--all", "x"}, "a", true, {"x"}},
      {{"-af", "a", "x"}, "a", true, {"x"}},
      {{"x", "--all=true", "y"}, "", true, {"x", "y"}},
      {{"--all=false", "x"}, "", false, {"x"}},
      {{"--file", "--all=false", "x"}, "--all=false", false, {"x"}},
      {{"--", "--all", "x"}, "", false, {"--all", "x"}},
      {{"-", "x"}, "", false, {"-", "x"}},
      {{"--file=\xff\xfe", "\xff"}, "\xff\xfe", false, {"\xff"}},
      {{}, "", false, {}},
  };

  for (const auto &c : cases) {
    Result result = parse (c.words);

    EXPECT_TRUE (result.ok) << result.error;
    EXPECT_EQ (result.file, c.file);
    EXPECT_EQ (result.all, c.all);
    EXPECT_EQ (result.rest, c.rest);
  }
}

TEST (CommandLine, WhatFollowsTheFirstArgumentIsLeftAlone)
{
  Result result = parse ({"-a", "id", "--all=false", "--", "-f", "--no-such"}, true);

  EXPECT_TRUE (result.ok) << result.error;
  EXPECT_TRUE (result.all);
  EXPECT_EQ (result.rest, (Words{"id", "--all=false", "--", "-f", "--no-such"}));
}

TEST (CommandLine, Refuses)
{
  const std::vector<const char *> cases[] = {
      {"--no-such"}, {"--all=maybe"}, {"--all="}, {"--file"}, {"-x"}, {"--al"}, {"x", "-f"},
  };

  for (const auto &words : cases) {
    Result result = parse (words);

    EXPECT_FALSE (result.ok) << words[0];
    EXPECT_NE (result.error, "");
  }
}

TEST (CommandLine, Format)
{
  gboolean json = TRUE;

  EXPECT_TRUE (quilt_oci_read_format (nullptr, &json, nullptr));
  EXPECT_FALSE (json);
  EXPECT_TRUE (quilt_oci_read_format ("json", &json, nullptr));
  EXPECT_TRUE (json);
  EXPECT_TRUE (quilt_oci_read_format ("table", &json, nullptr));
  EXPECT_FALSE (json);
  for (const char *bad : {"", "JSON", "yaml"})
    EXPECT_FALSE (quilt_oci_read_format (bad, &json, nullptr)) << bad;
}

guint n_freed;

void
count_freed (gpointer word)
{
  n_freed += word != nullptr;
}

// Fault 39: the words that stand before the verb were not freed at exit, nor were the verb's.
TEST (CommandLine, FreesTheWordsBeforeTheVerb)
{
  GPtrArray *words = g_ptr_array_new_with_free_func (count_freed);
  QuiltOci oci = {};
  g_autoptr (GError) error = nullptr;

  g_ptr_array_add (words, (gpointer) "features");
  g_ptr_array_add (words, (gpointer) "x");
  g_ptr_array_add (words, nullptr);
  quilt_oci_take_words (&oci, words);
  n_freed = 0;
  ASSERT_TRUE (quilt_oci_parse (&oci, nullptr, "ID", "", FALSE, 1, 1, &error)) << error->message;
  EXPECT_EQ (n_freed, 2U);
  EXPECT_STREQ (oci.argv[1], "x");
  quilt_oci_take_words (&oci, nullptr);
  EXPECT_EQ (oci.words, nullptr);
}

TEST (Root, Options)
{
  const struct {
    const char *root, *rootless, *manager;
    gboolean systemd;
    const char *want_root;
    gboolean want_rootless, want_systemd, want_none;
  } cases[] = {
      {nullptr, "false", nullptr, FALSE, "/run/quilt-oci", FALSE, FALSE},
      {nullptr, "true", nullptr, TRUE, "/run/user/5/quilt-oci", TRUE, TRUE},
      {"/a/../b", "true", "systemd", FALSE, "/b", TRUE, TRUE},
      {"/b", "false", "cgroupfs", FALSE, "/b", FALSE, FALSE},
      {"/b", "false", "systemd", TRUE, "/b", FALSE, TRUE},
      {"/b", "false", "disabled", FALSE, "/b", FALSE, FALSE, TRUE},
  };

  g_setenv ("XDG_RUNTIME_DIR", "/run/user/5", TRUE);
  for (const auto &c : cases) {
    QuiltOci oci = {};
    g_autoptr (GError) error = nullptr;

    ASSERT_TRUE (quilt_oci_root_init (&oci, c.root, c.rootless, c.manager, c.systemd, &error))
        << error->message;
    EXPECT_STREQ (oci.root, c.want_root);
    EXPECT_EQ (oci.rootless, c.want_rootless);
    EXPECT_EQ (oci.systemd_cgroup, c.want_systemd);
    EXPECT_EQ (oci.no_cgroup, c.want_none);
    g_free (oci.root);
  }
}

TEST (Root, Refuses)
{
  const struct {
    const char *root, *rootless, *manager;
    gboolean systemd;
    const char *word;
  } cases[] = {
      {nullptr, "yes", nullptr, FALSE, "--rootless"},
      {nullptr, "", nullptr, FALSE, "--rootless"},
      {nullptr, nullptr, "none", FALSE, "'none'"},
      {nullptr, nullptr, "disabled", TRUE, "contradict"},
      {nullptr, nullptr, "cgroupfs", TRUE, "contradict"},
      {"", nullptr, nullptr, FALSE, "--root"},
  };

  for (const auto &c : cases) {
    QuiltOci oci = {};
    g_autoptr (GError) error = nullptr;

    EXPECT_FALSE (quilt_oci_root_init (&oci, c.root, c.rootless, c.manager, c.systemd, &error));
    EXPECT_NE (strstr (error->message, c.word), nullptr) << error->message;
    EXPECT_EQ (oci.root, nullptr);
  }
}
