// SPDX-License-Identifier: LGPL-2.1-or-later
// AppArmor profiles and SELinux labels as values.
#include "base/check.h"

extern "C" {
#include "spec/labels.h"
#include "spec/options/options.h"
}

#include <set>

using std::string;

TEST (Labels, NamesOfProfiles)
{
  for (const char *good : {"quilt-default", "unconfined", "/usr/bin/x", "a//b"})
    EXPECT_TRUE (quilt_apparmor_name_check (good, NULL)) << good;
  for (const string &bad :
       {string (""), string ("a b"), string ("a\nb"), string ("\xc3\xa9"), string (256, 'x')}) {
    g_autoptr (GError) error = NULL;

    EXPECT_FALSE (quilt_apparmor_name_check (bad.c_str (), &error)) << bad;
    EXPECT_NE (string (error->message).find ("AppArmor profile"), string::npos);
  }
}

TEST (Labels, AProfileIsLoadedUnderItsWholeNameOnly)
{
  const char *text =
      "/usr/bin/man (enforce)\nquilt-default (enforce)\nquilt-default-2 (complain)\n";

  EXPECT_TRUE (quilt_apparmor_profiles_have (text, "quilt-default"));
  EXPECT_TRUE (quilt_apparmor_profiles_have (text, "quilt-default-2"));
  EXPECT_TRUE (quilt_apparmor_profiles_have (text, "/usr/bin/man"));
  EXPECT_FALSE (quilt_apparmor_profiles_have (text, "quilt"));
  EXPECT_FALSE (quilt_apparmor_profiles_have (text, "bin/man"));
  EXPECT_FALSE (quilt_apparmor_profiles_have (text, "enforce"));
  EXPECT_FALSE (quilt_apparmor_profiles_have ("", "quilt-default"));
}

static gboolean
check (const char *labels, string *ret_why = nullptr)
{
  g_auto (GStrv) list = g_strsplit (labels, " ", -1);
  g_autoptr (GError) error = NULL;
  gboolean ok = quilt_labels_check ("label", list, &error);

  if (ret_why && error)
    *ret_why = error->message;
  return ok;
}

TEST (Labels, PartsAreKnownAndGivenOnce)
{
  for (const char *good : {"disable", "type:t", "level:s0:c1,c2", "user:u role:r type:t level:s0",
                           "filetype:container_file_t type:spc_t", "level:s0-s0:c0.c1023"})
    EXPECT_TRUE (check (good)) << good;
  for (const char *bad : {"x", "disable type:t", "type:t disable", "type:", "type:a:b", "type:a/b",
                          "type:a type:b", "Type:t", "label"}) {
    string why;

    EXPECT_FALSE (check (bad, &why)) << bad;
    EXPECT_EQ (why.rfind ("Failed to read security label", 0), 0u) << why;
  }
}

static std::pair<string, string>
plan (const char *labels, const char *id)
{
  g_auto (GStrv) list = labels ? g_strsplit (labels, " ", -1) : NULL;
  char *process = NULL, *mount = NULL;

  quilt_labels_plan (list, id, &process, &mount);
  return {take (process), take (mount)};
}

TEST (Labels, EachContainerHasCategoriesOfItsOwn)
{
  auto [process, mount] = plan (NULL, "0123456789abcdef0123456789abcdef");
  std::set<string> seen;

  EXPECT_EQ (process.rfind ("system_u:system_r:container_t:s0:c", 0), 0u) << process;
  EXPECT_EQ (mount, "system_u:object_r:container_file_t:" + process.substr (process.find ("s0:")));
  EXPECT_TRUE (quilt_label_check (process.c_str ()));
  EXPECT_TRUE (quilt_label_check (mount.c_str ()));
  for (int i = 0; i < 100; i++) {
    string label = plan (NULL, std::to_string (i * 7919).c_str ()).first;
    unsigned first, second;

    seen.insert (label);
    ASSERT_EQ (sscanf (label.c_str () + label.rfind (":c"), ":c%u,c%u", &first, &second), 2);
    EXPECT_LT (first, second);
    EXPECT_LT (second, 1024u);
  }
  EXPECT_GT (seen.size (), 95u);
  EXPECT_EQ (plan (NULL, "a"), plan (NULL, "a"));
}

TEST (Labels, GivenPartsTakeTheirPlace)
{
  EXPECT_EQ (plan ("type:spc_t level:s0", "a"),
             std::make_pair (string ("system_u:system_r:spc_t:s0"),
                             string ("system_u:object_r:container_file_t:s0")));
  EXPECT_EQ (plan ("user:u role:r filetype:f level:s0:c1", "a"),
             std::make_pair (string ("u:r:container_t:s0:c1"), string ("u:object_r:f:s0:c1")));
}

TEST (Labels, WholeLabels)
{
  for (const char *good : {"u:r:t", "u:r:t:s0", "system_u:object_r:container_file_t:s0:c1,c2"})
    EXPECT_TRUE (quilt_label_check (good)) << good;
  for (const char *bad : {"", "u", "u:r", "u::t", "u:r:t:", "u:r:t s", "u:r:t:s0\n", "u:r:\"t\""})
    EXPECT_FALSE (quilt_label_check (bad)) << bad;
}

TEST (Labels, OptionsThatWeakenConfinementNeedAPrivilege)
{
  g_autoptr (QuiltOptions) options = quilt_options_new ();
  const char *why = NULL;

  EXPECT_FALSE (quilt_options_need_privilege (options, &why));
  options->apparmor = g_strdup ("quilt-default");
  EXPECT_FALSE (quilt_options_need_privilege (options, &why));
  g_free (options->apparmor);
  options->apparmor = g_strdup ("unconfined");
  EXPECT_TRUE (quilt_options_need_privilege (options, &why));
  EXPECT_STREQ (why, "apparmor");
  g_clear_pointer (&options->apparmor, g_free);
  options->label = g_strsplit ("disable", " ", -1);
  EXPECT_TRUE (quilt_options_need_privilege (options, &why));
  EXPECT_STREQ (why, "label");
}
