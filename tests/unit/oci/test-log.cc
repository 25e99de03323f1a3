// SPDX-License-Identifier: LGPL-2.1-or-later
/* The texts that engines read: lines of the log, and the words by which they choose exit codes. */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <regex>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include "base/error.h"
#include "base/json.h"
#include "oci/state/log.h"
}

namespace
{
const gint64 moment = 1700000000000042; // µs: 2023-11-14 22:13:20

std::string
format (gboolean json, const char *message)
{
  g_autofree char *line = quilt_oci_log_format (json, "error", message, moment);

  return line;
}

std::string
member (const std::string &line, const char *key)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (json_object) object = quilt_json_parse (line.data (), line.size (), 1 << 20, &error);
  json_object *value;

  EXPECT_NE (object, nullptr) << line << error->message;
  return object && json_object_object_get_ex (object, key, &value) ? json_object_get_string (value)
                                                                   : "";
}
} // namespace

TEST (Log, Json)
{
  const char *const messages[] = {"plain", "a \"quote\" and a \\", "", "ümlaut"};

  for (const char *message : messages) {
    const std::string line = format (TRUE, message);

    EXPECT_EQ (line.find ('\n'), line.size () - 1);
    EXPECT_EQ (member (line, "msg"), message);
    EXPECT_EQ (member (line, "level"), "error");
    EXPECT_EQ (member (line, "time"), "2023-11-14T22:13:20.000042Z");
  }
}

// A name in an image may hold anything: a line stays a line, and is JSON.
TEST (Log, BytesOfAStranger)
{
  const std::string lie = "a\n{\"level\":\"error\",\"msg\":\"lie\"}\x1b[2J\xff";

  for (bool json : {false, true}) {
    const std::string line = format (json, lie.c_str ());

    EXPECT_EQ (line.find ('\n'), line.size () - 1) << line;
    EXPECT_EQ (line.find ('\x1b'), std::string::npos);
    EXPECT_TRUE (g_utf8_validate (line.data (), (gssize)line.size (), nullptr));
  }
  EXPECT_EQ (member (format (TRUE, lie.c_str ()), "msg").rfind ("a\\x0a{", 0), 0u);
  EXPECT_LT (format (TRUE, std::string (1 << 20, 'x').c_str ()).size (), 8192u);
}

TEST (Log, Text)
{
  EXPECT_EQ (format (FALSE, "it \"failed\""),
             "time=\"2023-11-14T22:13:20Z\" level=error msg=\"it \\\"failed\\\"\"\n");
}

// As Docker (substrings, in lower case) and Podman (expressions, the first of which decides) read
// what a runtime said.
static int
docker_code (const std::string &text, const std::string &command)
{
  int code = 125;
  g_autofree char *lower = g_ascii_strdown (text.c_str (), -1);
  const std::string said = lower;

  if (said.find (command) != std::string::npos &&
      (said.find ("executable file not found") != std::string::npos ||
       said.find ("no such file or directory") != std::string::npos))
    code = 127;
  if (said.find ("permission denied") != std::string::npos)
    code = 126;
  return code;
}

static int
podman_code (const std::string &text)
{
  const auto flags = std::regex::icase;

  if (std::regex_search (text, std::regex ("permission denied|operation not permitted", flags)))
    return 126;
  if (std::regex_search (
          text, std::regex ("executable file not found in|no such file or directory", flags)))
    return 127;
  return 125;
}

TEST (Log, EnginesKnowTheCommandsProblem)
{
  const struct {
    int error;
    const char *message, *command;
    int code;
    const char *end;
  } cases[] = {
      {QUILT_ERROR_COMMAND_NOT_FOUND,
       "Failed to execute 'nosuch': there is no such program in "
       "the image",
       "nosuch", 127, "image: executable file not found in $PATH"},
      {QUILT_ERROR_COMMAND_NOT_FOUND,
       "Failed to execute '/no/such': there is no such program in "
       "the image",
       "/no/such", 127, "image: no such file or directory"},
      {QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "Failed to execute '/etc': it is a directory", "/etc",
       126, "directory: permission denied"},
      {QUILT_ERROR_COMMAND_NOT_EXECUTABLE,
       "Failed to execute '/a': the library 'libz.so.1' that "
       "it needs is not in the image",
       "/a", 126, "image: permission denied"},
      {QUILT_ERROR_FAILED, "Failed to mount '/proc': Invalid argument", "/bin/sh", 125, "argument"},
      {QUILT_ERROR_COMMAND_NOT_FOUND, "no quotes at all", "", 127, "not found in $PATH"},
  };

  for (const auto &c : cases) {
    g_autoptr (GError) error = g_error_new_literal (QUILT_ERROR, c.error, c.message);
    g_autofree char *text = quilt_oci_log_word (error);

    EXPECT_EQ (docker_code (text, c.command), c.code) << text;
    EXPECT_EQ (podman_code (text), c.code) << text;
    EXPECT_TRUE (g_str_has_suffix (text, c.end)) << text;
    EXPECT_TRUE (g_str_has_prefix (text, c.message)) << text;
  }
}

TEST (Log, FileIsAppendedTo)
{
  g_autofree char *dir = g_dir_make_tmp (nullptr, nullptr);
  g_autofree char *path = g_build_filename (dir, "log", nullptr);
  g_autofree char *text = nullptr;
  g_autoptr (GError) error = nullptr;
  QuiltOciLog log = {-1};
  struct stat st;

  ASSERT_TRUE (g_file_set_contents (path, "first\n", -1, nullptr));
  ASSERT_TRUE (quilt_oci_log_open (&log, path, "json", FALSE, &error));
  quilt_oci_log_debug (&log, "not without --debug");
  quilt_oci_log_error (&log, "second");
  close (log.fd);
  ASSERT_TRUE (g_file_get_contents (path, &text, nullptr, nullptr));
  EXPECT_TRUE (std::regex_match (
      text,
      std::regex ("first\n\\{\"level\":\"error\",\"msg\":\"second\",\"time\":\"[^\"]+\"\\}\n")))
      << text;
  EXPECT_EQ (unlink (path), 0);
  umask (022);
  ASSERT_TRUE (quilt_oci_log_open (&log, path, nullptr, TRUE, &error));
  EXPECT_EQ (fstat (log.fd, &st), 0);
  EXPECT_EQ (st.st_mode & 07777, 0644u);
  EXPECT_NE (fcntl (log.fd, F_GETFD) & FD_CLOEXEC, 0);
  quilt_oci_log_debug (&log, "with it");
  EXPECT_GT (lseek (log.fd, 0, SEEK_END), 0);
  close (log.fd);
  unlink (path);
  rmdir (dir);
}

TEST (Log, Refuses)
{
  for (const char *format : {"", "JSON", "yaml"}) {
    g_autoptr (GError) error = nullptr;
    QuiltOciLog log = {-1};

    EXPECT_FALSE (quilt_oci_log_open (&log, nullptr, format, FALSE, &error));
    EXPECT_TRUE (g_error_matches (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT));
    EXPECT_EQ (log.fd, -1);
  }
}

/* Fault 38. */
TEST (Log, DirectoryIsGone)
{
  g_autoptr (GError) error = nullptr;
  QuiltOciLog log = {-1};

  EXPECT_FALSE (quilt_oci_log_open (&log, "/nonexistent/log", nullptr, FALSE, &error));
  EXPECT_EQ (log.fd, -1);
  ASSERT_NE (error, nullptr);
  EXPECT_NE (std::string (error->message).find ("/nonexistent/log"), std::string::npos);
}
