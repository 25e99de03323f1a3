/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of images that are made of containers. */
#include "base/check.h"

extern "C" {
#include "daemon/images/commit-record.h"
#include "store/digest.h"
}

using std::string;

class CommitRecord : public testing::Test
{
protected:
  QuiltImageConfig changes = {};
  QuiltCommitPlan plan = {};
  Error error;

  static string digest (int number)
  {
    return "sha256:" + string (63, 'a') + (char)(number < 10 ? '0' + number : 'a' + number - 10);
  }

  static char **strv (std::vector<string> words)
  {
    g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

    for (const string &word : words)
      g_strv_builder_add (builder, word.c_str ());
    return g_strv_builder_end (builder);
  }

  static string join (char **words)
  {
    g_autofree char *text = words ? g_strjoinv (" ", words) : g_strdup ("(none)");

    return text;
  }

  QuiltImageRecord *base (std::vector<string> layers)
  {
    QuiltImageRecord *record = g_new0 (QuiltImageRecord, 1);

    record->digest = g_strdup (digest (1).c_str ());
    record->names = strv ({"base"});
    record->layers = strv (layers);
    record->size = 100;
    record->entries = 10;
    record->config.env = strv ({"A=1", "B=2"});
    record->config.cmd = strv ({"sh"});
    record->config.user = g_strdup ("7");
    plan.changes = &changes;
    return record;
  }
};

TEST_F (CommitRecord, AddsALayerAndKeepsTheConfiguration)
{
  g_autoptr (QuiltImageRecord) old = base ({digest (1)});
  const string layer = digest (2);

  plan.layer = layer.c_str ();
  plan.size = 5;
  plan.entries = 2;
  plan.author = "Ann";
  g_autoptr (QuiltImageRecord) record = quilt_commit_record_new (old, &plan, error.out ());
  ASSERT_NE (record, nullptr) << error.message ();
  EXPECT_EQ (join (record->layers), digest (1) + " " + layer);
  EXPECT_EQ (record->size, 105u);
  EXPECT_EQ (record->entries, 12u);
  EXPECT_EQ (join (record->config.env), "A=1 B=2");
  EXPECT_EQ (join (record->config.cmd), "sh");
  EXPECT_STREQ (record->config.user, "7");
  EXPECT_STREQ (record->author, "Ann");
  EXPECT_NE (quilt_digest_hex (record->digest), nullptr);
  EXPECT_STRNE (record->digest, old->digest);
}

TEST_F (CommitRecord, VariablesAreReplacedInTheirPlaces)
{
  g_autoptr (QuiltImageRecord) old = base ({digest (1)});
  const char *env[] = {"A=3", "AB=4", "C=5", "C=6", nullptr};

  changes.env = (char **)env;
  g_autoptr (QuiltImageRecord) record = quilt_commit_record_new (old, &plan, error.out ());
  ASSERT_NE (record, nullptr) << error.message ();
  EXPECT_EQ (join (record->config.env), "A=3 B=2 AB=4 C=6");
  EXPECT_EQ (join (record->layers), digest (1));
}

TEST_F (CommitRecord, TheDigestNamesLayersAndConfiguration)
{
  g_autoptr (QuiltImageRecord) old = base ({digest (1)});
  g_autoptr (QuiltImageRecord) one = quilt_commit_record_new (old, &plan, error.out ());
  g_autoptr (QuiltImageRecord) same = quilt_commit_record_new (old, &plan, error.out ());
  changes.working_directory = (char *)"/x";
  g_autoptr (QuiltImageRecord) moved = quilt_commit_record_new (old, &plan, error.out ());
  const string layer = digest (2);
  plan.layer = layer.c_str ();
  g_autoptr (QuiltImageRecord) higher = quilt_commit_record_new (old, &plan, error.out ());

  EXPECT_STREQ (one->digest, same->digest);
  EXPECT_STRNE (one->digest, moved->digest);
  EXPECT_STRNE (moved->digest, higher->digest);
}

/* overlayfs takes no layer twice, and the upper one hides the other. */
TEST_F (CommitRecord, AnEqualLayerIsThereOnce)
{
  g_autoptr (QuiltImageRecord) old = base ({digest (1), digest (2), digest (3)});
  const string layer = digest (2);

  plan.layer = layer.c_str ();
  g_autoptr (QuiltImageRecord) record = quilt_commit_record_new (old, &plan, error.out ());
  ASSERT_NE (record, nullptr) << error.message ();
  EXPECT_EQ (join (record->layers), digest (1) + " " + digest (3) + " " + layer);
}

TEST_F (CommitRecord, TooManyLayersAreRefused)
{
  std::vector<string> layers;

  for (int i = 0; i < QUILT_COMMIT_LAYERS_MAX; i++)
    layers.push_back ("sha256:" + string (60, 'b') + std::to_string (1000 + i));
  g_autoptr (QuiltImageRecord) old = base (layers);
  const string layer = digest (2);

  g_autoptr (QuiltImageRecord) record = quilt_commit_record_new (old, &plan, error.out ());
  EXPECT_NE (record, nullptr) << error.message ();
  plan.layer = layer.c_str ();
  EXPECT_EQ (quilt_commit_record_new (old, &plan, error.out ()), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_SUPPORTED, "export the container"));
}
