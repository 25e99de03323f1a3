// SPDX-License-Identifier: LGPL-2.1-or-later
/* Suggestions for what the user may have meant. */
#include <gtest/gtest.h>

extern "C" {
#include "ctl/verbs/image.h"
#include "ctl/suggest.h"
#include "ctl/words.h"
}

static const QuiltVerb verbs[] = {
    {.name = "list"}, {.name = "start"}, {.name = "stop"}, {.name = "remove"}, {}};

TEST (Suggest, NearAndFar)
{
  EXPECT_STREQ (quilt_suggest (verbs, "lis"), "list");
  EXPECT_STREQ (quilt_suggest (verbs, "lsit"), "list");
  EXPECT_STREQ (quilt_suggest (verbs, "strat"), "start");
  EXPECT_STREQ (quilt_suggest (verbs, "removed"), "remove");
  EXPECT_STREQ (quilt_suggest (verbs, "delete"), "remove");
  EXPECT_EQ (quilt_suggest (verbs, "frobnicate"), nullptr);
  EXPECT_EQ (quilt_suggest (verbs, "pint"), nullptr);
  EXPECT_EQ (quilt_suggest (verbs, ""), nullptr);
  EXPECT_EQ (quilt_suggest (verbs, "x"), nullptr);
  EXPECT_EQ (quilt_suggest (verbs, std::string (10000, 'l').c_str ()), nullptr);
}

TEST (Suggest, Options)
{
  const GOptionEntry entries[] = {{.long_name = "memory"},
                                  {.long_name = "memory-high"},
                                  {.long_name = "rm"},
                                  {.long_name = "volume", .flags = G_OPTION_FLAG_HIDDEN},
                                  {}};

  EXPECT_STREQ (quilt_suggest_option (entries, "memroy"), "memory");
  EXPECT_STREQ (quilt_suggest_option (entries, "memory-hihg"), "memory-high");
  EXPECT_STREQ (quilt_suggest_option (entries, "rmm"), "rm");
  for (const char *far : {"", "x", "ps", "no-such", "volumes"})
    EXPECT_EQ (quilt_suggest_option (entries, far), nullptr) << far;
  EXPECT_EQ (quilt_suggest_option (entries, std::string (10000, 'm').c_str ()), nullptr);
}

TEST (Suggest, VerbsOfOthers)
{
  const struct {
    const char *word, *complaint;
  } cases[] = {
      {"checkpoint", "verb 'checkpoint' is podman's; Quilt does not have it yet"},
      {"stack", "verb 'stack' is docker's; Quilt does not have it yet"},
      {"pull", "verb 'pull' is podman's; Quilt does not have it yet; see quiltctl import"},
      {"pause", "verb 'pause' is podman's; Quilt does not have it yet; see systemctl freeze "
                "quilt-NAME.scope"},
      {"strat", "unknown verb 'strat'; did you mean 'start'?"},
      {"frobnicate", "unknown verb 'frobnicate'; see quiltctl --help"},
      {"thaw", "verb 'thaw' is systemctl's; use systemctl thaw quilt-NAME.scope"},
      {"is-active", "verb 'is-active' is systemctl's; use quiltctl status NAME"},
      {"list-units", "unknown verb 'list-units'; did you mean 'list'?"},
  };

  for (const auto &c : cases) {
    g_autofree char *text = quilt_suggest_verb (verbs, c.word);

    EXPECT_STREQ (text, c.complaint);
  }
}

// Fault 31.
TEST (Words, AnUnknownOptionIsAnsweredInOneStyle)
{
  static GOptionArg flag = G_OPTION_ARG_NONE;
  const GOptionEntry entries[] = {{.long_name = "memory", .arg = G_OPTION_ARG_STRING},
                                  {.long_name = "rm", .short_name = 'r', .arg = flag},
                                  {.long_name = "help", .short_name = 'h', .arg = flag},
                                  {}};
  const struct {
    std::vector<const char *> words;
    const char *verb, *complaint;
  } cases[] = {
      {{"run", "--memroy"}, "run", "unknown option --memroy; did you mean --memory?"},
      {{"run", "--memroy=1"}, "run", "unknown option --memroy; did you mean --memory?"},
      {{"run", "--nonsense"}, "run", "unknown option --nonsense; see quiltctl run --help"},
      {{"run", "-x"}, "run", "unknown option -x; see quiltctl run --help"},
      {{"run", "-r\303\244"}, "run", "unknown option -\303\244; see quiltctl run --help"},
      {{"quiltctl", "--nonsense"}, nullptr, "unknown option --nonsense; see quiltctl --help"},
      {{"run", "--gpus=all"},
       "run",
       "unknown option --gpus of podman or docker: use --device with the nodes of the GPU, such as "
       "/dev/dri"},
      {{"run", "-rP"},
       "run",
       "unknown option -P of podman or docker: Quilt publishes no ports yet; use --network host"},
      {{"rename", "-i"}, "rename", "unknown option -i; see quiltctl rename --help"},
      {{"update", "--cap-add=ALL"},
       "update",
       "option --cap-add works only with run and create: update can't change it; see quiltctl "
       "update "
       "--help"},
      {{"update", "-v"},
       "update",
       "option -v works only with run and create: update can't change it; see quiltctl update "
       "--help"},
      {{"run", "-h", "web"},
       "run",
       "option -h takes no value and shows help: for the host name use --hostname"},
  };

  for (const auto &c : cases) {
    std::vector<const char *> words = c.words;
    g_autoptr (GError) error = NULL;

    words.push_back (nullptr);
    EXPECT_EQ (quilt_words_new ((char **)words.data (), c.verb, entries, TRUE, &error), nullptr);
    EXPECT_STREQ (error ? error->message : "", c.complaint);
  }
}

// A flag may have a value, and a short option an equals sign, as in podman and docker.
TEST (Words, AreSpelledForGOption)
{
  const GOptionEntry entries[] = {
      {.long_name = "memory", .short_name = 'm', .arg = G_OPTION_ARG_STRING},
      {.long_name = "rm", .short_name = 'r', .arg = G_OPTION_ARG_NONE},
      {.long_name = "init", .short_name = 'i', .arg = G_OPTION_ARG_NONE},
      {}};
  const struct {
    std::vector<const char *> words, spelled;
  } cases[] = {
      {{"run", "--rm=true", "--init=F", "image", "--rm=x"}, {"run", "--rm", "image", "--rm=x"}},
      {{"run", "-m=64m", "-m=", "-m=a=b"}, {"run", "-m", "64m", "-m", "", "-m", "a=b"}},
      {{"run", "-ri=true"}, {"run", "-r", "--init"}},
      {{"run", "-ri=0"}, {"run", "-r"}},
      {{"run", "-rm=1", "--rm"}, {"run", "-r", "-m", "1", "--rm"}},
      {{"run", "--memory", "-r=5", "--", "--rm=x"}, {"run", "--memory", "-r=5", "--", "--rm=x"}},
      {{"run", "--rm=maybe"}, {}},
      {{"run", "--rm="}, {}},
      {{"run", "-r="}, {}},
      {{"run", "--rm", "--rm=false"}, {}},
      {{"run", "--rm=false", "-ir"}, {}},
  };

  for (const auto &c : cases) {
    std::vector<const char *> words = c.words;
    g_autoptr (GError) error = NULL;

    words.push_back (nullptr);
    g_autoptr (GPtrArray) spelled =
        quilt_words_new ((char **)words.data (), "run", entries, TRUE, &error);
    ASSERT_EQ (spelled == nullptr, c.spelled.empty ()) << words[1];
    EXPECT_EQ (error != nullptr, c.spelled.empty ()) << words[1];
    for (guint i = 0; i < c.spelled.size (); i++)
      EXPECT_STREQ ((const char *)spelled->pdata[i], c.spelled[i]);
  }
}

TEST (Image, PathsAndNames)
{
  for (const char *path : {"/root.tar", "./root.tar", "../root.tar"})
    EXPECT_TRUE (quilt_image_is_path (path)) << path;
  for (const char *name : {"busybox", "library/busybox:1", "sha256:aa", "root.tar", ".hidden", ""})
    EXPECT_FALSE (quilt_image_is_path (name)) << name;
}
