// SPDX-License-Identifier: LGPL-2.1-or-later
/* The output of the verb `spec` is a valid configuration. */
#include <gtest/gtest.h>
#include <string.h>

extern "C" {
#include "base/json.h"
#include "oci/verbs/template.h"
#include "spec/oci/oci.h"
}

static QuiltSpec *
parse (gboolean rootless)
{
  g_autoptr (json_object) object = quilt_oci_template_new (rootless, 1000, 1001);
  g_autofree char *text = quilt_json_print (object, TRUE);
  g_autoptr (GError) error = nullptr;
  QuiltSpec *spec = quilt_spec_parse (text, strlen (text), &error);

  EXPECT_NE (spec, nullptr) << error->message;
  return spec;
}

TEST (Template, Root)
{
  g_autoptr (QuiltSpec) spec = parse (FALSE);

  ASSERT_NE (spec, nullptr);
  EXPECT_STREQ (spec->root_path, "rootfs");
  EXPECT_STREQ (spec->process.args[0], "sh");
  EXPECT_TRUE (spec->process.no_new_privileges);
  EXPECT_TRUE (spec->root_readonly);
  EXPECT_EQ (spec->namespaces & QUILT_NS_USER, 0u);
  EXPECT_NE (spec->namespaces & QUILT_NS_PID, 0u);
  EXPECT_NE (spec->resources, nullptr);
  EXPECT_EQ (spec->uid_map->len, 0u);
}

TEST (Template, Rootless)
{
  g_autoptr (QuiltSpec) spec = parse (TRUE);

  ASSERT_NE (spec, nullptr);
  EXPECT_NE (spec->namespaces & QUILT_NS_USER, 0u);
  EXPECT_EQ (spec->resources, nullptr);
  ASSERT_EQ (spec->uid_map->len, 1u);
  ASSERT_EQ (spec->gid_map->len, 1u);
  EXPECT_EQ (g_array_index (spec->uid_map, QuiltIdMap, 0).outside, 1000u);
  EXPECT_EQ (g_array_index (spec->gid_map, QuiltIdMap, 0).outside, 1001u);
}
