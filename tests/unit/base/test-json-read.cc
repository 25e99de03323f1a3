/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading objects by a table: applied, ignored, refused by path. */
#include <glib.h>

extern "C" {
#include "base/json.h"
}

#include "check.h"

#include <cstring>

struct Target {
  char *string;
  char **strv;
  gboolean boolean;
  gint64 int64;
  guint64 uint64;
};

static gboolean read_inner (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error);

static const QuiltField fields[] = {
    {"string", QUILT_FIELD_STRING, quilt_field_string, offsetof (Target, string)},
    {"strv", QUILT_FIELD_ARRAY, quilt_field_strv, offsetof (Target, strv)},
    {"boolean", QUILT_FIELD_BOOL, quilt_field_bool, offsetof (Target, boolean)},
    {"int64", QUILT_FIELD_INT, quilt_field_int64, offsetof (Target, int64)},
    {"uint64", QUILT_FIELD_INT, quilt_field_uint64, offsetof (Target, uint64)},
    {"any", QUILT_FIELD_ANY, quilt_field_string, offsetof (Target, string)},
    {"inner", QUILT_FIELD_OBJECT, read_inner, 0},
    {"ignored", QUILT_FIELD_OBJECT, nullptr, 0, "nobody needs it"},
    {"unsupported", QUILT_FIELD_ANY, quilt_field_unsupported, 0},
    {"reasoned", QUILT_FIELD_ANY, quilt_field_unsupported, 0, "not before next year"},
    {},
};

static gboolean
read_inner (
    const QuiltField *field, json_object *value, const char *path, void *target, GError **error)
{
  return quilt_json_read (fields, value, path, target, error);
}

class JsonRead : public testing::Test
{
protected:
  Target target = {};
  Error error;

  ~JsonRead () override
  {
    g_free (target.string);
    g_strfreev (target.strv);
  }

  gboolean read (const char *text)
  {
    json_object *object = quilt_json_parse (text, strlen (text), 1 << 20, error.out ());

    EXPECT_TRUE (error.none ()) << text;
    gboolean ok = quilt_json_read (fields, object, "", &target, error.out ());
    json_object_put (object);
    return ok;
  }
};

TEST_F (JsonRead, AppliesAndIgnores)
{
  ASSERT_TRUE (read (R"({"string":"s","strv":["a","","b"],"boolean":true,
                        "int64":-9223372036854775808,"uint64":18446744073709551615,
                        "ignored":{"what":["ever"]}})"))
      << error.message ();
  EXPECT_STREQ (target.string, "s");
  EXPECT_EQ (join (target.strv), "a||b|");
  EXPECT_TRUE (target.boolean);
  EXPECT_EQ (target.int64, G_MININT64);
  EXPECT_EQ (target.uint64, G_MAXUINT64);

  ASSERT_TRUE (read (R"({"inner":{"inner":{"string":"deep","strv":[]}}})"));
  EXPECT_STREQ (target.string, "deep");
  EXPECT_EQ (g_strv_length (target.strv), 0u);
}

TEST_F (JsonRead, EmptyAsksForNothing)
{
  EXPECT_TRUE (read (R"({"unsupported":{}})"));
  EXPECT_TRUE (read (R"({"unsupported":[]})"));
  EXPECT_TRUE (read (R"({"unsupported":""})"));
}

TEST_F (JsonRead, RefusesByPath)
{
  const struct {
    const char *text;
    int code;
    const char *why;
  } cases[] = {
      {R"([])", QUILT_ERROR_INVALID_ARGUMENT, "'the text': must be an object, not of type array"},
      {R"({"foreign":1})", QUILT_ERROR_NOT_SUPPORTED, "Failed to read 'foreign': unknown key"},
      {R"({"":1})", QUILT_ERROR_NOT_SUPPORTED, "Failed to read '': unknown key"},
      {R"({"inner":{"foreign":1}})", QUILT_ERROR_NOT_SUPPORTED, "'inner.foreign': unknown key"},
      {R"({"\u001b[31m":1})", QUILT_ERROR_NOT_SUPPORTED, "'\\x1b[31m': unknown key"},
      {R"({"string":1})", QUILT_ERROR_INVALID_ARGUMENT, "'string': must be a string, not of type"},
      {R"({"string":null})", QUILT_ERROR_INVALID_ARGUMENT, "'string': must be a string"},
      {R"({"any":[]})", QUILT_ERROR_INVALID_ARGUMENT, "'any': must be a string"},
      {R"({"strv":"a"})", QUILT_ERROR_INVALID_ARGUMENT, "'strv': must be an array"},
      {R"({"strv":["a",2]})", QUILT_ERROR_INVALID_ARGUMENT, "'strv[1]': must be a string"},
      {R"({"inner":{"inner":{"strv":[null]}}})", QUILT_ERROR_INVALID_ARGUMENT,
       "'inner.inner.strv[0]'"},
      {R"({"boolean":1})", QUILT_ERROR_INVALID_ARGUMENT, "'boolean': must be a boolean"},
      {R"({"int64":1.0})", QUILT_ERROR_INVALID_ARGUMENT, "'int64': must be an integer"},
      {R"({"int64":"1"})", QUILT_ERROR_INVALID_ARGUMENT, "'int64': must be an integer"},
      {R"({"int64":9223372036854775808})", QUILT_ERROR_INVALID_ARGUMENT,
       "'int64': must be at most 9223372036854775807"},
      {R"({"uint64":-1})", QUILT_ERROR_INVALID_ARGUMENT, "'uint64': must not be negative"},
      {R"({"ignored":7})", QUILT_ERROR_INVALID_ARGUMENT, "'ignored': must be an object"},
      {R"({"unsupported":true})", QUILT_ERROR_NOT_SUPPORTED, "'unsupported': not supported"},
      {R"({"unsupported":[0]})", QUILT_ERROR_NOT_SUPPORTED, "'unsupported': not supported"},
      {R"({"reasoned":{"a":1}})", QUILT_ERROR_NOT_SUPPORTED, "'reasoned': not before next year"},
  };

  for (const auto &c : cases) {
    EXPECT_FALSE (read (c.text)) << c.text;
    EXPECT_TRUE (error.is (c.code, c.why)) << c.text;
    EXPECT_EQ (target.string, nullptr) << c.text;
    EXPECT_EQ (target.strv, nullptr) << c.text;
    EXPECT_FALSE (target.boolean) << c.text;
    EXPECT_EQ (target.int64, 0) << c.text;
    EXPECT_EQ (target.uint64, 0u) << c.text;
  }
}
