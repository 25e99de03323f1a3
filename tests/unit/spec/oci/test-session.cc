/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sessions as values: printed, read, and applied to a container's configuration. */
#include <gtest/gtest.h>
#include <string>

extern "C" {
#include "base/error.h"
#include "spec/oci/oci.h"
#include "spec/provide.h"
#include "spec/oci/session.h"
}

static const char config[] = R"({"ociVersion":"1.0.2","root":{"path":"/r"},
  "process":{"args":["/bin/web"],"env":["PATH=/bin","HOME=/root","A=1"],"cwd":"/srv",
    "user":{"uid":0,"gid":0},"noNewPrivileges":true,
    "capabilities":{"bounding":["CAP_CHOWN"],"effective":["CAP_CHOWN"],"permitted":["CAP_CHOWN"]}},
  "annotations":{"org.quilt.user":"web","org.quilt.groups":"video","org.quilt.seccomp":"hash"},
  "linux":{"namespaces":[{"type":"mount"}]}})";

static char **
append (char **strings, const char *string)
{
  guint n = g_strv_length (strings);

  strings = g_renew (char *, strings, n + 2);
  strings[n] = g_strdup (string);
  strings[n + 1] = nullptr;
  return strings;
}

static bool
has (const QuiltSpec *spec, const char *entry)
{
  return g_strv_contains ((const char *const *)spec->process.env, entry);
}

class SessionTest : public testing::Test
{
protected:
  void SetUp () override
  {
    g_autoptr (GError) error = nullptr;

    spec = quilt_spec_parse (config, sizeof config - 1, &error);
    ASSERT_NE (spec, nullptr) << error->message;
  }

  void TearDown () override
  {
    quilt_spec_free (spec);
    quilt_session_clear (&session);
  }

  /* Applies the values as quiltd sends them. */
  void apply (const QuiltSession &asked)
  {
    g_autofree char *text = quilt_session_print (&asked);

    ASSERT_TRUE (quilt_session_parse (text, strlen (text), &session, nullptr)) << text;
    quilt_session_apply (&session, spec);
  }

  const char *annotation (const char *key) const
  {
    return (const char *)g_hash_table_lookup (spec->annotations, key);
  }

  QuiltSpec *spec = nullptr;
  QuiltSession session = {};
  char *args[3] = {(char *)"/bin/sh", (char *)"\xff b", nullptr};
};

TEST_F (SessionTest, OnlyTheCommandChanges)
{
  QuiltSession asked = {};

  asked.args = args;
  apply (asked);
  EXPECT_STREQ (spec->process.args[0], "/bin/sh");
  EXPECT_STREQ (spec->process.args[1], "\xff b");
  EXPECT_STREQ (spec->process.cwd, "/srv");
  EXPECT_STREQ (annotation (QUILT_ANNOTATION_USER), "web");
  EXPECT_STREQ (annotation (QUILT_ANNOTATION_SECCOMP), "hash");
  EXPECT_STREQ (spec->process.env[1], "HOME=/root");
  EXPECT_TRUE (spec->process.no_new_privileges);
  EXPECT_FALSE (spec->process.terminal);
}

TEST_F (SessionTest, EverythingElseToo)
{
  char *env[] = {(char *)"A=2", (char *)"B=", nullptr};
  QuiltSession asked = {};

  asked.args = args;
  asked.env = env;
  asked.cwd = (char *)"/tmp";
  asked.user = (char *)"12:34";
  asked.timeout_usec = G_MAXUINT64 - 1;
  asked.terminal = TRUE;
  asked.columns = 65535;
  asked.rows = 1;
  asked.privileged = TRUE;
  asked.id = (char *)"abc";
  asked.owner = 4294967294U;
  apply (asked);
  EXPECT_STREQ (session.id, "abc");
  EXPECT_EQ (session.owner, 4294967294U);
  EXPECT_EQ (session.timeout_usec, G_MAXUINT64 - 1);
  EXPECT_STREQ (spec->process.cwd, "/tmp");
  EXPECT_STREQ (annotation (QUILT_ANNOTATION_USER), "12:34");
  EXPECT_EQ (annotation (QUILT_ANNOTATION_GROUPS), nullptr);
  EXPECT_EQ (annotation (QUILT_ANNOTATION_SECCOMP), nullptr);
  /* The home of root is not that of another user. */
  EXPECT_STREQ (spec->process.env[0], "PATH=/bin");
  EXPECT_STREQ (spec->process.env[1], "TERM=xterm");
  EXPECT_STREQ (spec->process.env[2], "A=2");
  EXPECT_STREQ (spec->process.env[3], "B=");
  EXPECT_EQ (spec->process.env[4], nullptr);
  EXPECT_TRUE (spec->process.terminal && spec->process.has_console_size);
  EXPECT_EQ (spec->process.console_width, 65535);
  EXPECT_FALSE (spec->process.no_new_privileges);
  EXPECT_EQ (spec->process.capabilities.effective, spec->process.capabilities.bounding);
  EXPECT_NE (spec->process.capabilities.effective & (G_GUINT64_CONSTANT (1) << 21), 0U);
}

TEST_F (SessionTest, ALoginHasTheVariablesOfItsUserOnly)
{
  char *env[] = {(char *)"SHELL=/mine", nullptr}, *none[] = {nullptr};
  QuiltSession asked = {};

  for (const char *entry : {"USER=a", "LOGNAME=b", "SHELL=c", "USERS=d"})
    spec->process.env = append (spec->process.env, entry);
  asked.args = none;
  asked.env = env;
  asked.login = TRUE;
  apply (asked);
  EXPECT_TRUE (spec->process.login);
  EXPECT_EQ (spec->process.args[0], nullptr);
  EXPECT_EQ (spec->process.cwd, nullptr);
  EXPECT_STREQ (spec->process.env[0], "PATH=/bin");
  EXPECT_STREQ (spec->process.env[1], "A=1");
  EXPECT_STREQ (spec->process.env[2], "USERS=d");
  EXPECT_STREQ (spec->process.env[3], "SHELL=/mine");
  EXPECT_EQ (spec->process.env[4], nullptr);
  asked.cwd = (char *)"/tmp";
  quilt_session_clear (&session);
  apply (asked);
  EXPECT_STREQ (spec->process.cwd, "/tmp");
}

TEST_F (SessionTest, ProvidedFilesComeLast)
{
  char *env[] = {(char *)"SSL_CERT_FILE=/mine", nullptr};
  QuiltSession asked = {};
  guint provide;

  ASSERT_TRUE (quilt_provide_parse ("ca,tools", &provide, nullptr));
  asked.args = args;
  asked.env = env;
  asked.provide = provide;
  apply (asked);
  EXPECT_EQ (session.provide, provide);
  EXPECT_TRUE (has (spec, "PATH=/bin:/.quilt/bin"));
  EXPECT_TRUE (has (spec, "SSL_CERT_FILE=/mine"));
  EXPECT_TRUE (has (spec, "CURL_CA_BUNDLE=/.quilt/ca-certificates.crt"));
}

TEST_F (SessionTest, WithoutAPathTheUsualOneComesFirst)
{
  QuiltSession asked = {};

  g_clear_pointer (&spec->process.env, g_strfreev);
  asked.args = args;
  asked.provide = QUILT_PROVIDE_SHELL;
  apply (asked);
  EXPECT_TRUE (has (spec, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:"
                          "/.quilt/bin"));
  EXPECT_EQ (spec->process.env[1], nullptr);
}

TEST (Provide, OtherWordsAreRefused)
{
  for (const char *text : {"", ",", "shell,", "all", "Shell", "shell tools", "shell,,ca", "\xff"}) {
    g_autoptr (GError) error = nullptr;
    guint provide = 77;

    EXPECT_FALSE (quilt_provide_parse (text, &provide, &error)) << text;
    EXPECT_EQ (provide, 77u) << text;
    EXPECT_NE (error, nullptr) << text;
  }
}

TEST_F (SessionTest, OtherTextsAreRefused)
{
  for (const std::string text : {"", "{", "[]", "{\"args\":1}", "{\"args\":[1]}", "{\"more\":1}",
                                 "{\"timeout\":-1}", "{\"id\":1}"}) {
    g_autoptr (GError) error = nullptr;

    EXPECT_FALSE (quilt_session_parse (text.data (), text.size (), &session, &error)) << text;
    EXPECT_NE (error, nullptr) << text;
  }
}
