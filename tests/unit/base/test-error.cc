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
  const char *problem = NULL;

  EXPECT_FALSE (quilt_option_error_refuse (&error, "memory-max", "1\n", "must be more"));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT));
  EXPECT_STREQ (error->message, "Failed to set option 'memory-max' to '1\\x0a': must be more");
  g_autoptr (GError) copy = g_error_copy (error);
  g_clear_error (&error);
  EXPECT_STREQ (quilt_option_error_get_key (copy, &problem), "memory-max");
  EXPECT_STREQ (problem, " to '1\\x0a': must be more");
}

TEST (OptionError, AnotherErrorBecomesOne)
{
  g_autoptr (GError) error = g_error_new (QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "No container 'x'");
  const char *problem = "untouched";

  EXPECT_EQ (quilt_option_error_get_key (error, &problem), nullptr);
  EXPECT_STREQ (problem, "untouched");
  EXPECT_FALSE (quilt_option_error_prefix (&error, "pid"));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND));
  EXPECT_STREQ (error->message, "Failed to set option 'pid': No container 'x'");
  EXPECT_STREQ (quilt_option_error_get_key (error, &problem), "pid");
  EXPECT_STREQ (problem, ": No container 'x'");

  g_clear_error (&error);
  error = g_error_new (G_FILE_ERROR, G_FILE_ERROR_NOENT, "gone");
  EXPECT_EQ (quilt_option_error_get_key (error, &problem), nullptr);
  EXPECT_FALSE (quilt_option_error_prefix (&error, "pid"));
  EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_FAILED));
}

TEST (OptionError, TheTextIsNotRead)
{
  g_autoptr (GError) error =
      g_error_new_literal (QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to set option 'init': no");
  const char *problem;

  EXPECT_EQ (quilt_option_error_get_key (error, &problem), nullptr);
  quilt_option_error_attach (error, "pid", ": why");
  EXPECT_STREQ (quilt_option_error_get_key (error, &problem), "pid");
  EXPECT_STREQ (problem, ": why");
  EXPECT_FALSE (quilt_option_error_set (NULL, QUILT_ERROR_FAILED, "pid", ": why"));
}
