/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plays quiltd and journald to one quilt-supervisor: what it is started with, and what it says. */
#pragma once

#include <glib-unix.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

extern "C" {
#include "base/fd.h"
#include "proto/message.h"
}

using Entry = std::map<std::string, std::string>;
using Strings = std::vector<std::string>;

/* A socket where journald listens, read only when a test wants it. */
class Journald
{
public:
  explicit Journald (const std::string &path);
  ~Journald ();
  void open ();
  void close ();
  /* Takes what has come, without waiting. */
  void read ();
  /* The messages of a stream, in order; all streams where it is "". */
  Strings messages (const std::string &stream = "") const;

  int fd = -1;
  std::vector<Entry> entries;

private:
  std::string path;
};

struct Step {
  Strings args;
  int timeout = 0;
};

/* Differences from an ordinary container. */
struct Options {
  Strings env = {"PATH=/usr/bin:/bin"};
  std::string cwd = "/";
  std::vector<Step> steps;
  std::string mounts; /* more of them, as JSON, each after a comma */
  std::string masked = "\"/proc/keys\",\"/sys/firmware\"";
  std::string annotations; /* more of them, as JSON, each after a comma */
  std::string capabilities = "\"CAP_CHOWN\",\"CAP_KILL\",\"CAP_SETGID\",\"CAP_SETUID\"";
  unsigned uid = 0;
  bool readonly = false;
  std::string layers; /* more of them, each after a colon */
  /* Of a user namespace, as JSON. "": none, or with QUILT_TEST_USERNS in the environment, so that
   * all that a container can do is shown in one too, a range. */
  std::string uid_map, gid_map;
  std::string process = ",\"noNewPrivileges\":true"; /* more of it, as JSON, each after a comma */
  std::string namespaces;                            /* more of them, as JSON, each after a comma */
  std::string cgroup_namespace = "{\"type\":\"cgroup\"}";
  std::string top;        /* more of the configuration itself, as JSON, each after a comma */
  std::string linux_more; /* more of linux, as JSON, each after a comma */
  int attached[2] = {-1, -1};
  int store = -1; /* the container's directory in the store */
  bool detained = false;
};

/* Tests that start containers. They need root, a cgroup2 and a static busybox; the whole process
 * gets a mount namespace with a /run of its own, for journald's socket. */
class ContainerTest : public testing::Test
{
protected:
  static void SetUpTestSuite ();
  void SetUp () override;
  void TearDown () override;

  /* A shell script in the container, by argv. */
  static Strings sh (const std::string &script);
  /* With QUILT_TEST_PREPARED in the environment, each scope is prepared, as with WarmStarts=. */
  static bool is_prepared ();
  void start (const Strings &args, const Options &options = {});
  void begin (const Options &options);
  void send (QuiltMessageType type, int signal = 0, guint64 time_usec = 0, const char *text = "");
  /* Waits for a message of this type, answering for journald meanwhile. Other messages are noted in
   * seen. A closed connection, or 20 s, give a message of type 0. */
  QuiltMessage wait_for (guint32 type);
  QuiltMessage wait_for_end ();
  /* BYE, and waits until the supervisor is gone. */
  void finish ();
  /* start, GO, the end, finish. */
  QuiltMessage run (const Strings &args, const Options &options = {});
  /* As a quiltd that is back. */
  void reconnect ();
  void drop_connection ();
  /* Waits until the supervisor ends by itself. */
  int wait_for_exit ();
  /* Waits for fd, answering for journald meanwhile; FALSE after 20 s. */
  bool wait_readable (int fd);
  bool wait_for_message (const std::string &text);
  std::string run_file (const char *name) const;

  std::string directory; /* of this test */
  std::string root;      /* the image: busybox and nothing else */
  std::string run_dir;
  std::string cgroup;
  Journald *journald = nullptr;
  bool journald_reads = true;
  pid_t supervisor = 0;
  int pid_fd = -1;
  int control = -1;
  std::vector<guint32> seen;
  guint32 version = QUILT_MESSAGE_VERSION; /* of what is said to the supervisor */
};
