/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of slices below quilt.slice, and places in them. Fault 32. */
#include "base/check.h"

extern "C" {
#include "spec/slice.h"
}

using std::string;

TEST (Slice, UnitAndPlace)
{
  static const struct {
    const char *slice, *unit, *place;
  } all[] = {
      {nullptr, "quilt.slice", "quilt-web.scope"},
      {"quilt.slice", "quilt.slice", "quilt-web.scope"},
      {"quilt", "quilt.slice", "quilt-web.scope"},
      {"batch", "quilt-batch.slice", "quilt-batch.slice/quilt-web.scope"},
      {"quilt-batch", "quilt-batch.slice", "quilt-batch.slice/quilt-web.scope"},
      {"quilt-batch.slice", "quilt-batch.slice", "quilt-batch.slice/quilt-web.scope"},
      {"batch-night", "quilt-batch-night.slice",
       "quilt-batch.slice/quilt-batch-night.slice/quilt-web.scope"},
      {"a_1-B-c", "quilt-a_1-B-c.slice",
       "quilt-a_1.slice/quilt-a_1-B.slice/quilt-a_1-B-c.slice/quilt-web.scope"},
      {"quilts", "quilt-quilts.slice", "quilt-quilts.slice/quilt-web.scope"},
  };

  for (const auto &one : all) {
    Error error;

    EXPECT_TRUE (!one.slice || quilt_slice_check (one.slice, error.out ())) << one.slice;
    EXPECT_EQ (take (quilt_slice_unit (one.slice)), one.unit);
    EXPECT_EQ (take (quilt_slice_place (one.slice, "quilt-web.scope")), one.place);
    EXPECT_STREQ (quilt_place_unit (one.place), "quilt-web.scope");
  }
}

TEST (Slice, TheUnitOfAUnitIsItself)
{
  for (const char *slice : {"batch", "quilt", "batch-night"}) {
    string unit = take (quilt_slice_unit (slice));

    EXPECT_EQ (take (quilt_slice_unit (unit.c_str ())), unit);
  }
}

TEST (Slice, Refusals)
{
  static const struct {
    string slice;
    const char *why;
  } bad[] = {
      {"system.slice", "'system.slice': it is outside quilt.slice"},
      {"batch.slice", "outside quilt.slice"},
      {"quilts.slice", "outside quilt.slice"},
      {"-.slice", "outside quilt.slice"},
      {".slice", "outside quilt.slice"},
      {"/quilt.slice", "outside quilt.slice"},
      {"../system.slice", "outside quilt.slice"},
      {"", "empty"},
      {"quilt-", "empty"},
      {"quilt-.slice", "empty"},
      {"/", "must be a name"},
      {"a/b", "must be a name"},
      {"..", "must be a name"},
      {"quilt-../x.slice", "must be a name"},
      {"quilt-a.slice/x.slice", "must be a name"},
      {"-a", "must be a name"},
      {"a-", "must be a name"},
      {"a--b", "must be a name"},
      {"quilt-a-.slice", "must be a name"},
      {"a b", "must be a name"},
      {"a.scope", "must be a name"},
      {"a\n", "'a\\x0a': it must be a name"},
      {"é", "must be a name"},
      {"a%i", "must be a name"},
      {"a@b", "must be a name"},
      {"a\\x2d", "must be a name"},
      {string (65, 'a'), "at most 64 characters"},
      {"a-b-c-d-e-f-g-h-i", "at most 8 levels"},
  };

  for (const auto &one : bad) {
    Error error;

    EXPECT_FALSE (quilt_slice_check (one.slice.c_str (), error.out ())) << one.slice;
    EXPECT_TRUE (error.is (QUILT_ERROR_INVALID_ARGUMENT, one.why)) << one.slice;
  }
}

TEST (Slice, TheLongest)
{
  Error error;

  EXPECT_TRUE (quilt_slice_check (string (64, 'a').c_str (), error.out ()));
  EXPECT_TRUE (quilt_slice_check ("a-b-c-d-e-f-g-h", error.out ()));
  EXPECT_TRUE (quilt_slice_check (("quilt-" + string (64, 'a') + ".slice").c_str (), error.out ()));
}
