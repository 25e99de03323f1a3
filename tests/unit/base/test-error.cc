/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of errors, and the wording of failed system calls. */
#include "check.h"

#include <cerrno>

extern "C" {
#include "base/option-error.h"
}

TEST (QuiltError, NamesAreUniqueAndComeBack)
{
  for (int code = 0; code < QUILT_N_ERRORS; code++)
    EXPECT_EQ (quilt_error_from_name (quilt_error_to_name (code)), code);
  EXPECT_STREQ (quilt_error_to_name (QUILT_ERROR_NOT_FOUND), "NotFound");
}

TEST (QuiltError, StrangersAreFailed)
{
  EXPECT_STREQ (quilt_error_to_name (-1), "Failed");
  EXPECT_STREQ (quilt_error_to_name (QUILT_N_ERRORS), "Failed");
  EXPECT_EQ (quilt_error_from_name ("Nonsense"), QUILT_ERROR_FAILED);
  EXPECT_EQ (quilt_error_from_name (nullptr), QUILT_ERROR_FAILED);
}

TEST (QuiltError, SystemCallsAreWordedOnce)
{
  const struct {
    int errsv, code;
  } cases[] = {
      {EACCES, QUILT_ERROR_FAILED}, {ENOSPC, QUILT_ERROR_NO_SPACE}, {EDQUOT, QUILT_ERROR_NO_SPACE},
      {EMFILE, QUILT_ERROR_BUSY},   {EAGAIN, QUILT_ERROR_BUSY},     {ENOMEM, QUILT_ERROR_BUSY},
  };

  for (const auto &c : cases) {
    Error error;

    EXPECT_FALSE (quilt_set_error_errno (error.out (), c.errsv, "Failed to open '%s'", "x"));
    EXPECT_TRUE (error.is (c.code, std::string ("Failed to open 'x': ") + g_strerror (c.errsv)));
  }
}

TEST (OptionError, CarriesItsKey)
{
  g_autoptr (GError) error = NULL;
  const char *rest = NULL;

  EXPECT_FALSE (quilt_option_error_refuse (&error, "memory-max", "1\n", "must be more"));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT));
  g_autofree char *key = quilt_option_error_get_key (error, &rest);
  EXPECT_STREQ (key, "memory-max");
  EXPECT_STREQ (rest, " to '1\\x0a': must be more");

  g_clear_error (&error);
  error = g_error_new (QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "No container 'x'");
  EXPECT_EQ (quilt_option_error_get_key (error, &rest), nullptr);
  EXPECT_FALSE (quilt_option_error_prefix (&error, "pid"));
  g_autofree char *prefixed = quilt_option_error_get_key (error, &rest);
  EXPECT_STREQ (prefixed, "pid");
  EXPECT_STREQ (rest, ": No container 'x'");
}

TEST (OptionError, AnotherErrorHasNoKey)
{
  for (const char *message : {"", "Failed to set option '", "Failed to set option 'x",
                              "Later: Failed to set option 'x': no", "Failed to set 'x'"}) {
    g_autoptr (GError) error = g_error_new_literal (QUILT_ERROR, QUILT_ERROR_FAILED, message);
    const char *rest = "untouched";

    EXPECT_EQ (quilt_option_error_get_key (error, &rest), nullptr) << message;
    EXPECT_STREQ (rest, "untouched") << message;
  }
}
