/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libsystemd, loaded when it is needed. */
#include <glib.h>
#include <gtest/gtest.h>

extern "C" {
#include "base/error.h"
#include "base/libsystemd.h"
}

TEST (Libsystemd, FunctionsAreFoundByName)
{
  const char *names[] = {"sd_bus_new", "sd_journal_open", NULL};
  void *functions[2] = {};
  g_autoptr (GError) error = NULL;

  ASSERT_TRUE (quilt_libsystemd_load (names, functions, sizeof functions, &error))
      << error->message;
  EXPECT_TRUE (functions[0] && functions[1] && functions[0] != functions[1]);
}

TEST (Libsystemd, AMissingFunctionIsNamed)
{
  const char *names[] = {"sd_bus_new", "sd_no_such_function", NULL};
  void *functions[2] = {};
  g_autoptr (GError) error = NULL;

  EXPECT_FALSE (quilt_libsystemd_load (names, functions, sizeof functions, &error));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_FAILED));
  EXPECT_NE (strstr (error->message, "sd_no_such_function"), nullptr);
  EXPECT_EQ (functions[0], nullptr);
}
