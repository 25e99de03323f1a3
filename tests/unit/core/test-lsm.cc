// SPDX-License-Identifier: LGPL-2.1-or-later
// Confinement by a security module: what can be seen without one, and what must not be written to.
#include <gtest/gtest.h>

extern "C" {
#include "core/identity/lsm.h"
}

static int
apply (const char *profile, const char *label, const char **ret_object)
{
  QuiltProcess process = {};

  process.apparmor_profile = const_cast<char *> (profile);
  process.selinux_label = const_cast<char *> (label);
  return quilt_lsm_apply (&process, ret_object);
}

TEST (Lsm, DoesNothingWithoutAProfileOrLabel)
{
  const char *object = "untouched";

  EXPECT_EQ (apply (NULL, NULL, &object), 0);
  EXPECT_EQ (apply ("", "", &object), 0);
  EXPECT_EQ (apply ("unconfined", NULL, &object), 0);
  EXPECT_STREQ (object, "untouched");
}

TEST (Lsm, NamesAMissingProfileOrLabel)
{
  const char *object = "";

  EXPECT_LT (apply ("no-such-profile-of-quilt", NULL, &object), 0);
  EXPECT_STREQ (object, "no-such-profile-of-quilt");
  EXPECT_LT (apply (NULL, "no:such:label:of:quilt", &object), 0);
  EXPECT_STREQ (object, "no:such:label:of:quilt");
  EXPECT_EQ (apply (std::string (400, 'x').c_str (), NULL, &object), -ENAMETOOLONG);
}
