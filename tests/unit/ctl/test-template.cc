// SPDX-License-Identifier: LGPL-2.1-or-later
/* The values that --format and --filter accept. */
#include <gtest/gtest.h>

extern "C" {
#include "base/error.h"
#include "ctl/list-filters.h"
#include "ctl/template.h"
}

static const char row[] =
    "{\"name\": \"web\", \"exitCode\": 3, \"empty\": null, \"command\": [\"a\", \"b c\"], "
    "\"memory-max\": 5, \"nested\": {\"deep\": true}, \"labels\": {\"a.b\": \"x\"}, "
    "\"bad\": \"\\u001b[31m\"}";

// Fault 32.
TEST (Template, FieldsAsPodmanSpellsThem)
{
  const std::vector<std::pair<const char *, const char *>> cases = {
      {"", ""},
      {"text", "text"},
      {"{{.Name}}", "web"},
      {"{{ .name }} {{.NAME}}", "web web"},
      {"{{.ExitCode}}\\t{{.exit_code}}\\n", "3\t3\n"},
      {"{{.MemoryMax}}", "5"},
      {"{{.Nested.Deep}}", "true"},
      {"{{.Nested}}", "map[deep:true]"},
      {"{{.Command}}", "[a b c]"},
      {"{{json .Command}}", "[\"a\",\"b c\"]"},
      {"{{.Empty}}", "<no value>"},
      {"{{index .Labels \"a.b\"}}", "x"},
      {"{{index .Labels \"c\"}}", ""},
      {"{{.Bad}}", "\\x1b[31m"},
      {"a\\b}}", "a\\b}}"},
  };
  g_autoptr (json_object) object = json_tokener_parse (row);

  ASSERT_NE (object, nullptr);
  for (const auto &c : cases) {
    g_autoptr (GError) error = NULL;
    g_autofree char *text = quilt_template_expand (c.first, object, TRUE, &error);

    EXPECT_STREQ (text, c.second) << c.first;
    EXPECT_TRUE (quilt_template_check (c.first, NULL)) << c.first;
  }
}

TEST (Template, BadOnesAreNamed)
{
  g_autoptr (json_object) object = json_tokener_parse (row);

  for (const char *bad :
       {"{{", "{{}}", "{{.Name", "{{Name}}", "{{..}}", "{{.Name.}}", "{{range .}}", "{{.A | b}}",
        "{{json}}", "{{index .Labels}}", "{{.Name \"}}"}) {
    g_autoptr (GError) error = NULL;

    EXPECT_FALSE (quilt_template_check (bad, &error)) << bad;
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT)) << bad;
  }
  for (const char *absent : {"{{.Nope}}", "{{.Name.More}}"}) {
    g_autoptr (GError) error = NULL;

    EXPECT_TRUE (quilt_template_check (absent, NULL)) << absent;
    EXPECT_EQ (quilt_template_expand (absent, object, FALSE, &error), nullptr) << absent;
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT)) << absent;
  }
}

TEST (Template, LegendsAreTheFields)
{
  g_autofree char *legend =
      quilt_template_legend ("{{.Names}}\\t{{.Nested.Deep}}{{index .Labels \"x\"}}");

  EXPECT_STREQ (legend, "NAMES\tDEEPX");
}

static std::string
filter (const std::vector<const char *> &filters, const QuiltFilter *table, const char *data)
{
  std::vector<const char *> words = filters;
  g_autoptr (json_object) rows = json_tokener_parse (data);
  g_autoptr (GError) error = NULL;
  std::string names;

  words.push_back (nullptr);
  g_autoptr (json_object) chosen = quilt_filter_rows (rows, (char **)words.data (), table, &error);
  if (!chosen)
    return error->message;
  for (gsize i = 0; i < json_object_array_length (chosen); i++)
    names += quilt_row_string (json_object_array_get_idx (chosen, i), "id");
  return names;
}

// Fault 32.
TEST (Filter, Containers)
{
  static const char rows[] = "[{\"id\": \"a\", \"name\": \"web-1\", \"image\": \"x\", \"state\": "
                             "\"running\", \"exitCode\": -1, \"created\": 1, "
                             "\"labels\": {\"tier\": \"front\", \"k\": \"\"}},"
                             "{\"id\": \"b\", \"name\": \"db\", \"image\": \"y\", \"state\": "
                             "\"exited\", \"exitCode\": 3, \"created\": 2, "
                             "\"labels\": {\"tier\": \"back\"}},"
                             "{\"id\": \"c\", \"name\": \"web-2\", \"image\": \"x\", \"state\": "
                             "\"failed\", \"exitCode\": -1, \"created\": 3, "
                             "\"labels\": {}}]";
  const std::vector<std::pair<std::vector<const char *>, std::string>> cases = {
      {{}, "abc"},
      {{"name=web"}, "ac"},
      {{"name=^db$"}, "b"},
      {{"name=db", "name=-1"}, "ab"},
      {{"status=running"}, "a"},
      {{"status=exited"}, "bc"},
      {{"status=failed"}, "c"},
      {{"exited=3"}, "b"},
      {{"exited=0"}, ""},
      {{"label=tier"}, "ab"},
      {{"label=tier=back"}, "b"},
      {{"label=tier", "label=k"}, "a"},
      {{"ancestor=x", "status=running"}, "a"},
      {{"before=db"}, "a"},
      {{"since=db"}, "c"},
      {{"id=b"}, "b"},
      {{"since=none"}, ""},
  };

  for (const auto &c : cases)
    EXPECT_EQ (filter (c.first, quilt_list_filters, rows), c.second)
        << (c.first.empty () ? "" : c.first[0]);
  for (const char *bad : {"", "name", "nope=1", "status=blue", "exited=x", "name=[", "exited=-1"})
    EXPECT_EQ (filter ({bad}, quilt_list_filters, rows).rfind ("Failed to read filter '", 0), 0u)
        << bad;
}

TEST (Filter, Images)
{
  static const char rows[] =
      "[{\"id\": \"a\", \"names\": [\"web\", \"web:2\"], \"digest\": \"sha256:11\", \"created\": "
      "1},"
      "{\"id\": \"b\", \"names\": [], \"digest\": \"sha256:22\", \"created\": 2}]";
  const std::vector<std::pair<std::vector<const char *>, std::string>> cases = {
      {{"reference=web"}, "a"}, {{"reference=w*:?"}, "a"},   {{"reference=x*"}, ""},
      {{"dangling=true"}, "b"}, {{"dangling=false"}, "a"},   {{"id=22"}, "b"},
      {{"since=web"}, "b"},     {{"before=sha256:22"}, "a"},
  };

  for (const auto &c : cases)
    EXPECT_EQ (filter (c.first, quilt_image_filters, rows), c.second) << c.first[0];
  EXPECT_EQ (
      filter ({"dangling=yes"}, quilt_image_filters, rows).rfind ("Failed to read filter '", 0),
      0u);
}
