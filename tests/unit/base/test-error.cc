/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of errors, and the wording of failed system calls. */
#include "check.h"

#include <cerrno>

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
