/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options that are lists of structures, in records. */
#include "base/check.h"

extern "C" {
#include "base/json.h"
#include "spec/options/options.h"
}

using std::string;
using Options = std::unique_ptr<QuiltOptions, void (*) (QuiltOptions *)>;

static Options
from_json (const string &text, Error &error)
{
  g_autoptr (json_object) object =
      quilt_json_parse (text.data (), text.size (), 1 << 20, error.out ());

  EXPECT_TRUE (error.none ()) << text;
  return Options (quilt_options_from_json (object, error.out ()), quilt_options_free);
}

static string
print (const Options &options)
{
  g_autoptr (json_object) object = quilt_options_to_json (options.get ());

  return take (quilt_json_print (object, FALSE));
}

/* Fault 22. */
TEST (Entries, TextsOfEarlierVersionsAreReadAsStructures)
{
  Error error;
  Options options = from_json (
      R"({"volumes":["/srv/a\\:b:/in\\\\side,1:ro,noexec","/srv:/v"],"tmpfs":["/t","/t\\:1:size=1M"],)"
      R"("devices":["/dev/null:/dev/a\\:b:rw","/dev/null:r","/dev/zero"],)"
      R"("device-read-bps":["/dev/sda:1M","/dev/a:0:1.5k"],"device-write-iops":["/dev/sda:100"]})",
      error);

  ASSERT_TRUE (error.none ());
  const string text = print (options);
  for (
      const char *part :
      {R"("volumes":[{"source":"/srv/a:b","destination":"/in\\side,1","options":["ro","noexec"]},)"
       R"({"source":"/srv","destination":"/v","options":[]}])",
       R"("tmpfs":[{"destination":"/t","options":[]},{"destination":"/t:1","options":["size=1M"]}])",
       R"("devices":[{"source":"/dev/null","destination":"/dev/a:b","access":"rw"},)"
       R"({"source":"/dev/null","destination":"","access":"r"},)"
       R"({"source":"/dev/zero","destination":"","access":""}])",
       R"("device-read-bps":[{"device":"/dev/sda","rate":1048576},{"device":"/dev/a:0","rate":1536}])",
       R"("device-write-iops":[{"device":"/dev/sda","rate":100}])"})
    EXPECT_NE (text.find (part), string::npos) << text << part;
  EXPECT_EQ (print (from_json (text, error)), text);
}

TEST (Entries, AMissingMemberIsEmpty)
{
  Error error;
  Options options = from_json (R"({"devices":[{"source":"/dev/null"}]})", error);

  ASSERT_TRUE (error.none ());
  EXPECT_EQ (take (g_variant_print (options->devices, FALSE)), "[('/dev/null', '', '')]");
}

TEST (Entries, AreCheckedWhereTheyComeFromARecord)
{
  const struct {
    const char *text;
    int code;
    const char *why;
  } cases[] = {
      {R"({"volumes":{}})", QUILT_ERROR_INVALID_ARGUMENT, "'volumes': must be an array"},
      {R"({"volumes":[1]})", QUILT_ERROR_INVALID_ARGUMENT, "'volumes[0]': must be an object"},
      {R"({"volumes":["/a"]})", QUILT_ERROR_NOT_SUPPORTED, "option volumes[0] to '/a': volumes"},
      {R"({"volumes":[{"source":"/a","destination":"/b","option":[]}]})", QUILT_ERROR_NOT_SUPPORTED,
       "'volumes[0].option': unknown key"},
      {R"({"volumes":[{"source":"/a","destination":"/b","options":"ro"}]})",
       QUILT_ERROR_INVALID_ARGUMENT, "'volumes[0].options': must be an array"},
      {"{\"volumes\":[{\"source\":\"/a\",\"destination\":\"/b\",\"options\":[\"\xff\"]}]}",
       QUILT_ERROR_INVALID_ARGUMENT, "'volumes[0]': must be UTF-8"},
      {"{\"tmpfs\":[\"/\xff\"]}", QUILT_ERROR_INVALID_ARGUMENT, "'tmpfs[0]': must be UTF-8"},
      {R"({"tmpfs":[{"options":[]}]})", QUILT_ERROR_INVALID_ARGUMENT, "'tmpfs' to ''"},
      {R"({"device-read-bps":[{"device":"/dev/a"}]})", QUILT_ERROR_INVALID_ARGUMENT, "above 0"},
      {R"({"device-read-bps":[{"device":"/dev/a","rate":-1}]})", QUILT_ERROR_INVALID_ARGUMENT,
       "'device-read-bps[0].rate': must not be negative"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (from_json (c.text, error), nullptr) << c.text;
    EXPECT_TRUE (error.is (c.code, c.why)) << c.text << error.message ();
  }
}
