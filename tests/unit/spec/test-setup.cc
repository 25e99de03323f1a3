/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Setup steps to argv: no word of a user becomes shell text, but in a shell command. */
#include "base/check.h"

extern "C" {
#include "spec/setup.h"
}

using std::string;

static string
argv (const string &step)
{
  Error error;
  char **strv = quilt_setup_step_argv (step.c_str (), error.out ());
  string all = join (strv);

  EXPECT_TRUE (error.none ()) << step;
  g_strfreev (strv);
  return all;
}

TEST (Setup, ACommandIsTheShells)
{
  for (const string &step :
       {string ("apt-get update"), string ("echo \"$HOME\" | cat"), string (" x "), string ("a\nb"),
        string ("npm :x"), string ("npm"), string ("é\xff"), string ("é: x"), string (": ${X:=1}"),
        string ("a:b c"), string ("PATH=/a: x"), string ("./cargo: x"), string ("command npm: x"),
        string ("'npm:' x"), string (33, 'a') + ": x"})
    EXPECT_EQ (argv (step), "/bin/sh|-c|" + step + "|");
}

TEST (Setup, PackagesAreWordsOfTheirOwn)
{
  EXPECT_EQ (argv ("npm: typescript eslint@8"),
             "npm|install|--global|--no-fund|--no-audit|--|typescript|eslint@8|");
  EXPECT_EQ (argv ("  pip:\trequests==2.0\n "),
             "env|PIP_BREAK_SYSTEM_PACKAGES=1|pip|install|--no-input|--|requests==2.0|");
  EXPECT_EQ (argv ("apk: ./local.apk"), "apk|add|--no-cache|--|./local.apk|");
  EXPECT_EQ (argv ("go: example.com/tool@v1.2.3 ./cmd/..."),
             "env|GOBIN=/usr/local/bin|go|install|--|example.com/tool@v1.2.3|./cmd/...|");
  EXPECT_EQ (argv ("cargo: ripgrep@14.1.0"), "cargo|install|--root|/usr/local|--|ripgrep@14.1.0|");
  EXPECT_EQ (argv ("composer: phpunit/phpunit:^11"),
             "env|COMPOSER_ALLOW_SUPERUSER=1|composer|global|require|--no-interaction|--|"
             "phpunit/phpunit:^11|");
  EXPECT_EQ (argv ("gem:rake"), "gem|install|--no-document|rake|");
  EXPECT_EQ (argv ("apk: curl jq"), "apk|add|--no-cache|--|curl|jq|");
  EXPECT_EQ (argv ("dnf: curl"), "dnf|install|--assumeyes|--|curl|");
}

TEST (Setup, NoPackageReachesTheShellsText)
{
  char **strv = quilt_setup_step_argv ("apt: $(reboot) ;x `y`", nullptr);

  ASSERT_NE (strv, nullptr);
  EXPECT_STREQ (strv[0], "/bin/sh");
  EXPECT_EQ (string (strv[2]).find ("reboot"), string::npos);
  EXPECT_NE (string (strv[2]).find ("\"$@\""), string::npos);
  EXPECT_EQ (join (strv + 4), "$(reboot)|;x|`y`|");
  g_strfreev (strv);
}

TEST (Setup, BadStepsAreRefused)
{
  const struct {
    const char *step, *why;
  } cases[] = {
      {"", "is empty"},
      {" \t\n", "is empty"},
      {"npm:", "must name a package"},
      {"apt:  ", "must name a package"},
      {"pip: --index-url=http://evil x", "can't begin with '-'"},
      {"go: -exec=x y", "can't begin with '-'"},
      {"cargo: --config=x", "can't begin with '-'"},
      {"yum: x", "'yum:' is not a keyword"},
      {"NPM: x", "did you mean 'npm:'?"},
      {"carg:", "did you mean 'cargo:'?"},
      {"composr: x", "did you mean 'composer:'?"},
      {"note: x", "'note:' is not a keyword; the keywords"},
      {"note: x", "; the keywords are apt:, apk:, dnf:, npm:, pip:, gem:, go:, cargo:, composer:; "
                  "to run a program "
                  "of that name, write 'command note:'"},
      {"apt: hello -oDpkg::Pre-Invoke=x", "can't begin with '-'"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (quilt_setup_step_argv (c.step, error.out ()), nullptr) << c.step;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.step;
  }
}
