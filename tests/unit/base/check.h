/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by the unit tests: a GError that frees itself, and checks of errors. */
#pragma once

#include <glib.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

extern "C" {
#include "base/error.h"
}

class Error
{
public:
  ~Error ()
  {
    g_clear_error (&error);
  }

  GError **out ()
  {
    g_clear_error (&error);
    return &error;
  }

  std::string message () const
  {
    return error ? error->message : "(no error)";
  }

  /* Of this code, saying all of text, in one line of valid UTF-8. */
  testing::AssertionResult is (int code, const std::string &text) const
  {
    if (!error)
      return testing::AssertionFailure () << "no error was set";
    if (!g_error_matches (error, QUILT_ERROR, code))
      return testing::AssertionFailure () << quilt_error_to_name (error->code) << " instead of "
                                          << quilt_error_to_name (code) << ": " << error->message;
    if (message ().find (text) == std::string::npos)
      return testing::AssertionFailure () << "\"" << message () << "\" lacks \"" << text << "\"";
    if (!g_utf8_validate (error->message, -1, nullptr) ||
        message ().find ('\n') != std::string::npos)
      return testing::AssertionFailure () << "no line of UTF-8: " << message ();
    return testing::AssertionSuccess ();
  }

  testing::AssertionResult none () const
  {
    return error ? testing::AssertionFailure () << error->message : testing::AssertionSuccess ();
  }

private:
  GError *error = nullptr;
};

/* A C string that the callee handed over; "(null)" for NULL. */
inline std::string
take (char *text)
{
  std::string copy = text ? text : "(null)";

  g_free (text);
  return copy;
}

/* The strings of a vector, each followed by '|'. */
inline std::string
join (char *const *strv)
{
  std::string all;

  for (; strv && *strv; strv++)
    all += std::string (*strv) + "|";
  return all;
}

/* A value in GVariant's text form, the caller's. */
inline GVariant *
variant (const char *text)
{
  return g_variant_ref_sink (g_variant_new_parsed (text));
}
