/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammars of names, with what must not pass. */
#include "base/check.h"

#include <set>

extern "C" {
#include "spec/names.h"
}

using std::string;

static const char id[] = "0123456789abcdef0123456789abcdef";

typedef gboolean (*Check) (const char *name, GError **error);

static void
accepts (Check check, const std::initializer_list<string> &names)
{
  for (const string &name : names) {
    Error error;

    EXPECT_TRUE (check (name.c_str (), error.out ())) << name << ": " << error.message ();
    EXPECT_TRUE (error.none ());
  }
}

static void
refuses (Check check, const char *why, const std::initializer_list<string> &names)
{
  for (const string &name : names) {
    Error error;

    EXPECT_FALSE (check (name.c_str (), error.out ())) << name;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, why)) << name;
    EXPECT_FALSE (check (name.c_str (), nullptr));
  }
}

TEST (Names, Container)
{
  accepts (quilt_container_name_check,
           {"a", "0", "web", "Web-1", "a_b.c-d", "a..", string (64, 'x'), string (id, 31),
            string (id) + "0", "0123456789ABCDEF0123456789ABCDEF"});
  refuses (quilt_container_name_check, "must be 1 to 64 of",
           {"", "-x", ".x", "_x", "../x", "a/b", "a b", "a@b", "%n", "a\nb", "a\\b", "é", "\xff",
            "a\x1b[31m", string (65, 'x'), string (100000, 'x')});
  refuses (quilt_container_name_check, "looks like an ID", {id});
}

TEST (Names, Image)
{
  accepts (quilt_image_name_check,
           {"debian", "debian:12", "library/debian:bookworm-slim", "a.b-c_d/0", "a:_Tag.1",
            "sha256", "example.org/a/b/c", string (255, 'a'), "a:" + string (128, 't')});
  refuses (quilt_image_name_check, "must be components",
           {"",
            "/",
            "/a",
            "a/",
            "a//b",
            "A",
            "a:",
            ":a",
            "a:b:c",
            "a:b/c",
            "a:.t",
            "a:-t",
            "-a",
            ".a",
            "_a",
            "a/.b",
            "a/../b",
            "..",
            "a b",
            "a@b",
            "é",
            "a\n",
            "a:é",
            string (256, 'a'),
            "a:" + string (129, 't')});
  refuses (quilt_image_name_check, "looks like a digest",
           {"sha256:abc", string (id) + id, "sha256:" + string (64, 'a')});
}

TEST (Names, Host)
{
  accepts (quilt_hostname_check, {"a", "0", "web-1", "A.b.example", string (63, 'x'),
                                  string (31, 'x') + "." + string (32, 'y')});
  refuses (quilt_hostname_check, "must be labels",
           {"", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a-.b", "a_b", "a b", "a\n", "é",
            "a/b", string (64, 'x'), string (32, 'x') + "." + string (32, 'y')});
}

TEST (Names, HostOfAContainer)
{
  const struct {
    string name, host;
  } cases[] = {
      {"web-1", "web-1"},
      {"bright_maple", "bright-maple"},
      {"Web.example.org", "Web-example-org"},
      {"a._-", "a"},
      {"0", "0"},
      {string (64, 'x'), string (63, 'x')},
      {string (62, 'x') + "_y", string (62, 'x')},
      {id, id},
  };

  for (const auto &c : cases) {
    string host = take (quilt_hostname_from_name (c.name.c_str ()));

    accepts (quilt_container_name_check, {c.name == id ? "a" : c.name});
    accepts (quilt_hostname_check, {host});
    EXPECT_EQ (host, c.host) << c.name;
  }
}

TEST (Names, Id)
{
  EXPECT_TRUE (quilt_id_check (id));
  for (const string &bad :
       {string (), string (id, 31), string (id) + "0", string ("0123456789ABCDEF0123456789abcdef"),
        string ("g123456789abcdef0123456789abcdef")})
    EXPECT_FALSE (quilt_id_check (bad.c_str ())) << bad;
  for (const char *prefix : {"0", "abc", id})
    EXPECT_TRUE (quilt_id_prefix_check (prefix)) << prefix;
  for (const string &bad : {string (), string ("g"), string ("0x"), string ("A"), string (33, '0')})
    EXPECT_FALSE (quilt_id_prefix_check (bad.c_str ())) << bad;
}

TEST (Names, NewIdsDiffer)
{
  std::set<string> ids;

  for (int i = 0; i < 1000; i++) {
    string fresh = take (quilt_id_new ());

    EXPECT_TRUE (quilt_id_check (fresh.c_str ())) << fresh;
    ids.insert (fresh);
  }
  EXPECT_EQ (ids.size (), 1000u);
}

TEST (Names, Scope)
{
  EXPECT_EQ (take (quilt_scope_name ("web-1.a_b")), "quilt-web-1.a_b.scope");
}
