/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON parser and printer: what is JSON, what is not, and that bytes survive. */
#include <glib.h>

extern "C" {
#include "base/json.h"
}

#include "check.h"

using std::string;
using Json = std::unique_ptr<json_object, int (*) (json_object *)>;

static Json
parse (const string &text, Error &error, gsize max = 1 << 20)
{
  return Json (quilt_json_parse (text.data (), text.size (), max, error.out ()), json_object_put);
}

static string
nested (int levels)
{
  return string (levels, '[') + string (levels, ']');
}

TEST (JsonParse, PrintsWhatItRead)
{
  const struct {
    string text, printed;
  } cases[] = {
      {"{}", "{}"},
      {" [ ] ", "[]"},
      {"\t{\r\n\"a\" : 1 , \"b\":[true,false,null]}\n", R"({"a":1,"b":[true,false,null]})"},
      {R"("a/b")", R"("a/b")"},
      {R"("\u0041\n\t\"\\\/\b\f\r")", R"("A\n\t\"\\/\b\f\r")"},
      {R"("\u00e9\u20ac")", "\"é€\""},
      {R"("\ud83d\ude00")", "\"😀\""},
      {"\"\xff\xfe raw\"", "\"\xff\xfe raw\""},
      {"\"\x7f\"", "\"\x7f\""},
      {"0", "0"},
      {"-0", "0"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"18446744073709551615", "18446744073709551615"},
      {"1.5e3", "1.5e3"},
      {"-0.25", "-0.25"},
      {R"({"":0})", R"({"":0})"},
      {nested (64), nested (64)},
  };

  for (const auto &c : cases) {
    Error error;
    Json value = parse (c.text, error);

    ASSERT_TRUE (error.none ()) << c.text;
    EXPECT_EQ (take (quilt_json_print (value.get (), FALSE)), c.printed);
  }
}

TEST (JsonParse, RefusesWhatIsNoJson)
{
  const struct {
    string text, why;
  } cases[] = {
      {"", "byte 0: the text ends here"},
      {"   ", "byte 3: the text ends here"},
      {"null", "the whole text is null"},
      {"{}x", "byte 2: more text follows"},
      {"{} {}", "byte 3: more text follows"},
      {string ("{}\0", 3), "byte 2: more text follows"},
      {"\xef\xbb\xbf{}", "byte 0: expected a value"},
      {R"({"a":1,"a":2})", "duplicate key 'a'"},
      {R"({"a":1,"\u0061":2})", "duplicate key 'a'"},
      {R"({"a":null,"a":null})", "duplicate key 'a'"},
      {R"([[{"x":{},"y":0,"x":[]}]])", "duplicate key 'x'"},
      {"{\"\xff\":1,\"\xff\":2}", "duplicate key '\\xff'"},
      {R"({"\u001b[2J":1,"\u001b[2J":2})", "duplicate key '\\x1b[2J'"},
      {R"({"a"})", "expected ':'"},
      {R"({"a":})", "expected a value"},
      {R"({"a":1,})", "expected a string"},
      {R"({a:1})", "expected a string"},
      {R"({'a':1})", "expected a string"},
      {R"({"a":1 "b":2})", "expected ',' or '}'"},
      {"[1,]", "expected a value"},
      {"[1 2]", "expected ',' or ']'"},
      {"[1}", "expected ',' or ']'"},
      {"[,1]", "expected a value"},
      {"[", "the text ends here"},
      {"[1", "expected ',' or ']'"},
      {"\"a", "unterminated string"},
      {"\"a\\", "unknown escape"},
      {R"("\x41")", "unknown escape"},
      {R"("\'")", "unknown escape"},
      {"\"a\nb\"", "control character"},
      {"\"a\tb\"", "control character"},
      {string ("\"a\0b\"", 5), "control character"},
      {R"("\u0000")", "NUL in a string"},
      {R"({"\u0000":1})", "NUL in a string"},
      {R"("\u12")", "four hexadecimal digits"},
      {R"("\u12g4")", "four hexadecimal digits"},
      {R"("\ud800")", "lone surrogate"},
      {R"("\ud800\n")", "lone surrogate"},
      {R"("\ud800\u0041")", "lone surrogate"},
      {R"("\udc00")", "lone surrogate"},
      {"01", "more text follows"},
      {"-", "expected a digit"},
      {"+1", "expected a value"},
      {".5", "expected a value"},
      {"1.", "expected a digit"},
      {"1e", "expected a digit"},
      {"1e+", "expected a digit"},
      {"0x10", "more text follows"},
      {"1e999", "number out of range"},
      {"18446744073709551616", "integer of more than 64 bits"},
      {"-9223372036854775809", "integer of more than 64 bits"},
      {string (65, '1'), "more than 64 characters"},
      {"NaN", "expected a value"},
      {"Infinity", "expected a value"},
      {"-Infinity", "expected a digit"},
      {"True", "expected a value"},
      {"truex", "more text follows"},
      {"nul", "expected a value"},
      {"/* c */ {}", "expected a value"},
      {"{} // c", "more text follows"},
      {nested (65), "more than 64 levels"},
      {string (500000, '['), "more than 64 levels"},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_EQ (parse (c.text, error), nullptr) << c.text;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, c.why)) << c.text.substr (0, 80);
  }
}

TEST (JsonParse, BoundsTheSize)
{
  Error error;

  EXPECT_NE (parse ("[123]", error, 5), nullptr);
  EXPECT_EQ (parse ("[1234]", error, 5), nullptr);
  EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "more than 5 bytes"));
}

TEST (JsonParse, StaysFastWithManyKeys)
{
  string text = "{";
  Error error;

  for (int i = 0; i < 50000; i++)
    text += "\"key" + std::to_string (i) + "\":0,";
  text += "\"last\":0}";
  Json value = parse (text, error, 2 << 20);
  ASSERT_TRUE (error.none ());
  EXPECT_EQ (json_object_object_length (value.get ()), 50001);
}

TEST (JsonParse, LevelsAreOfNestingNotOfNumber)
{
  string text = "[0";
  Error error;

  for (int i = 0; i < 200; i++)
    text += i % 2 ? ",[]" : ",{}";
  EXPECT_NE (parse (text + "]", error), nullptr) << error.message ();
}

TEST (JsonParse, EveryCutIsRefused)
{
  const string text = R"({"a":[1,-2.5e1,true,null,"\u00e9\\"],"b":{"c":"d"}})";

  for (gsize length = 0; length < text.size (); length++) {
    Error error;

    EXPECT_EQ (parse (text.substr (0, length), error), nullptr) << length;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, "Failed to parse JSON")) << length;
  }
}

TEST (JsonPrint, AllBytesSurvive)
{
  string bytes;
  Error error;

  for (int c = 1; c < 256; c++)
    bytes += (char)c;
  const char *strv[] = {bytes.c_str (), "", nullptr};
  Json array (quilt_json_new_strv (strv), json_object_put);

  for (bool pretty : {false, true}) {
    Json again = parse (take (quilt_json_print (array.get (), pretty)), error);

    ASSERT_TRUE (error.none ());
    EXPECT_EQ (string (json_object_get_string (json_object_array_get_idx (again.get (), 0))),
               bytes);
    EXPECT_EQ (json_object_array_length (again.get ()), 2u);
  }
}

TEST (JsonPrint, NoVectorIsAnEmptyArray)
{
  Json array (quilt_json_new_strv (nullptr), json_object_put);

  EXPECT_EQ (take (quilt_json_print (array.get (), FALSE)), "[]");
}
