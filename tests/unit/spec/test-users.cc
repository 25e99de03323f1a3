/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users and groups as people type them. */
#include "base/check.h"

extern "C" {
#include "spec/users.h"
}

TEST (Users, AreNamesOrNumbers)
{
  for (const char *text :
       {"root", "0", "4294967294", "app:web", "1000:33", "a.b-c_d$", "app:0", "007", "ünï"}) {
    Error error;

    EXPECT_TRUE (quilt_user_check (text, error.out ())) << error.message ();
  }
}

TEST (Users, AreRefusedByName)
{
  const struct {
    std::string text;
    const char *why;
  } cases[] = {
      {"", "a name is empty"},
      {":web", "a name is empty"},
      {"app:", "a name is empty"},
      {"4294967295", "from 0 to 4294967294"},
      {"1:99999999999999999999999", "from 0 to 4294967294"},
      {"a:b:c", "names have no blanks"},
      {"a b", "names have no blanks"},
      {"a\nb", "names have no blanks"},
      {"../x", "names have no blanks"},
      {"a,b", "names have no blanks"},
      {"-1", "can't begin with"},
      {"+x", "can't begin with"},
      {std::string (257, 'a'), "longer than 256"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_FALSE (quilt_user_check (c.text.c_str (), error.out ())) << c.text;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.text;
  }
}

TEST (Users, GroupsAreCheckedOneByOne)
{
  Error error;
  char web[] = "web", number[] = "5", both[] = "a:b";
  char *good[] = {web, number, nullptr}, *bad[] = {web, both, nullptr};

  EXPECT_TRUE (quilt_user_check_groups ("group-add", good, error.out ()));
  EXPECT_FALSE (quilt_user_check_groups ("group-add", bad, error.out ()));
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "'group-add' to 'a:b'"));
}

TEST (Users, RootGoesByNameOrNumber)
{
  for (const char *text : {"root", "0", "00", "root:web", "0:5"})
    EXPECT_TRUE (quilt_user_is_root (text)) << text;
  EXPECT_TRUE (quilt_user_is_root (nullptr));
  for (const char *text : {"roo", "roots", "1", "app:root", "app:0"})
    EXPECT_FALSE (quilt_user_is_root (text)) << text;
}
