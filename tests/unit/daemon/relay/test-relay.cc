/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The relay to the bus, against a bus that is slow, wrong, or left. */
#include "base/check.h"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fcntl.h>
#include <atomic>
#include <thread>

extern "C" {
#include "base/fd.h"
#include "daemon/relay/message.h"
#include "daemon/relay/relay.h"
}

namespace
{

using std::string;
using Bytes = std::vector<guint8>;

void
say (int fd, const void *data, gsize size)
{
  ASSERT_TRUE (quilt_fd_write_all (fd, data, size));
}

string
read_line (int fd)
{
  string line;
  char c;

  while (read (fd, &c, 1) == 1 && c != '\n')
    line += c;
  return line;
}

Bytes
read_message (int fd)
{
  Bytes bytes (QUILT_BUS_START);
  QuiltBusMessage message;

  EXPECT_EQ (recv (fd, bytes.data (), bytes.size (), MSG_WAITALL), QUILT_BUS_START);
  EXPECT_TRUE (quilt_bus_message_measure (bytes.data (), &message));
  bytes.resize (message.size);
  EXPECT_GE (
      recv (fd, bytes.data () + QUILT_BUS_START, message.size - QUILT_BUS_START, MSG_WAITALL), 0);
  return bytes;
}

/* Authenticates as a bus does, and answers Hello. */
void
greet (int fd)
{
  for (string line; line != "BEGIN\r";) {
    line = read_line (fd);
    const string answer = line.find ("EXTERNAL") != string::npos
                              ? "OK 0123456789abcdef0123456789abcdef\r\n"
                          : line.find ("AUTH") != string::npos ? "REJECTED EXTERNAL\r\n"
                          : line == "NEGOTIATE_UNIX_FD\r"      ? "AGREE_UNIX_FD\r\n"
                                                               : "";

    ASSERT_FALSE (line.empty ());
    say (fd, answer.data (), answer.size ());
  }
  Bytes bytes = read_message (fd);
  g_autoptr (GDBusMessage) hello = g_dbus_message_new_from_blob (
      bytes.data (), bytes.size (), G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, nullptr);
  g_autoptr (GDBusMessage) reply = g_dbus_message_new_method_reply (hello);
  gsize size;

  g_dbus_message_set_serial (reply, 1);
  g_dbus_message_set_body (reply, g_variant_new ("(s)", ":1.1"));
  g_autofree guchar *blob =
      g_dbus_message_to_blob (reply, &size, G_DBUS_CAPABILITY_FLAGS_NONE, nullptr);
  say (fd, blob, size);
}

/* The bus hands on a message. */
void
deliver (int fd, GDBusMessage *message, guint32 serial)
{
  gsize size;

  g_dbus_message_set_serial (message, serial);
  g_autofree guchar *blob =
      g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, nullptr);
  say (fd, blob, size);
}

/* The messages that have reached GDBus. */
struct Received {
  std::atomic<int> calls = 0, signals = 0;

  static GDBusMessage *
  filter (GDBusConnection *, GDBusMessage *message, gboolean incoming, gpointer data)
  {
    auto self = static_cast<Received *> (data);

    if (incoming)
      (g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_SIGNAL ? self->signals
                                                                               : self->calls)++;
    return message;
  }
};

void
emit (GDBusConnection *connection, gsize size, int fd)
{
  const string text (size, 'x');
  g_autoptr (GDBusMessage) message =
      g_dbus_message_new_signal ("/org/quilt", "org.quilt.Test", "S");

  g_dbus_message_set_body (message, g_variant_new ("(s)", text.c_str ()));
  if (fd >= 0) {
    g_autoptr (GUnixFDList) list = g_unix_fd_list_new ();

    ASSERT_GE (g_unix_fd_list_append (list, fd, nullptr), 0);
    g_dbus_message_set_unix_fd_list (message, list);
  }
  ASSERT_TRUE (g_dbus_connection_send_message (connection, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE,
                                               nullptr, nullptr));
}

/* Where messages begin, and the last bytes of the reads that had descriptors. */
struct Read {
  std::vector<gsize> starts, ends;
};

Read
read_all (int fd, gsize count)
{
  Bytes all;
  Read result;
  QuiltBusMessage message;

  for (gsize at = 0; result.starts.size () < count;) {
    guint8 data[2048];
    int fds[QUILT_FDS_MAX];
    guint n_fds;
    gssize n = quilt_fds_read (fd, data, sizeof data, fds, &n_fds);

    EXPECT_GT (n, 0);
    if (n <= 0)
      break;
    all.insert (all.end (), data, data + n);
    for (guint i = 0; i < n_fds; i++)
      close (fds[i]);
    if (n_fds > 0)
      result.ends.push_back (all.size () - 1);
    while (all.size () >= at + QUILT_BUS_START &&
           quilt_bus_message_measure (all.data () + at, &message) &&
           all.size () >= at + message.size) {
      result.starts.push_back (at);
      at += message.size;
    }
  }
  return result;
}

/* A relay, and the bus that it is connected to. */
class BusRelay : public testing::Test
{
protected:
  void SetUp () override
  {
    g_autofree char *dir = g_dir_make_tmp ("quilt-XXXXXX", nullptr);
    g_autofree char *path = g_build_filename (dir, "bus", nullptr);
    g_autofree char *address = g_strconcat ("unix:path=", path, nullptr);
    g_autofd int listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    Error error;

    g_strlcpy (name.sun_path, path, sizeof name.sun_path);
    ASSERT_EQ (bind (listener, (struct sockaddr *)&name, sizeof name), 0);
    ASSERT_EQ (listen (listener, 1), 0);
    g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", address, TRUE);
    std::thread server ([&] {
      bus = accept4 (listener, nullptr, nullptr, SOCK_CLOEXEC);
      greet (bus);
    });
    relay = quilt_bus_relay_new (error.out ());
    server.join ();
    g_unlink (path);
    g_rmdir (dir);
    ASSERT_NE (relay, nullptr) << error.message ();
    connection = quilt_bus_relay_get_connection (relay);
  }

  void TearDown () override
  {
    if (relay)
      quilt_bus_relay_free (relay);
    close (bus);
  }

  int bus = -1;
  QuiltBusRelay *relay = nullptr;
  GDBusConnection *connection = nullptr;
};

} // namespace

/* dbus-broker takes descriptors for those of the message that the last byte of the read is of. */
TEST_F (BusRelay, DescriptorsStayWithTheirMessage)
{
  g_autofd int null_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);

  /* Nobody reads: the relay can't send all of these, and small messages gather behind them. */
  for (int i = 0; i < 3; i++)
    emit (connection, 60000, -1);
  for (int i = 0; i < 3; i++)
    emit (connection, 10, -1);
  emit (connection, 11, null_fd);
  emit (connection, 10, -1);
  ASSERT_TRUE (g_dbus_connection_flush_sync (connection, nullptr, nullptr));

  Read all = read_all (bus, 8);
  ASSERT_EQ (all.starts.size (), 8u);
  ASSERT_EQ (all.ends.size (), 1u);
  EXPECT_GE (all.ends[0], all.starts[6]);
  EXPECT_LT (all.ends[0], all.starts[7]);
  shutdown (bus, SHUT_RDWR);
}

/* Fault 8: neither may fill the queues that lead to the main thread and back. */
TEST_F (BusRelay, CallsWaitForTheMainThreadAndTheBusDoesNot)
{
  Received received;
  const guint id = g_dbus_connection_add_filter (connection, Received::filter, &received, nullptr);

  for (guint32 i = 0; i < 100; i++) {
    g_autoptr (GDBusMessage) call =
        g_dbus_message_new_method_call (":1.1", "/", "org.example.No", "No");

    g_dbus_message_set_sender (call, ":1.42");
    deliver (bus, call, 2 + i);
  }
  g_autoptr (GDBusMessage) signal = g_dbus_message_new_signal ("/", "org.example.No", "S");
  g_dbus_message_set_sender (signal, "org.freedesktop.DBus");
  deliver (bus, signal, 200);
  while (received.signals == 0)
    std::this_thread::yield ();
  EXPECT_EQ (received.calls, 8);

  /* All of them are answered, in order. */
  std::thread caller ([&] {
    for (guint32 i = 0; i < 100; i++) {
      Bytes bytes = read_message (bus);
      g_autoptr (GDBusMessage) answer = g_dbus_message_new_from_blob (
          bytes.data (), bytes.size (), G_DBUS_CAPABILITY_FLAGS_NONE, nullptr);

      EXPECT_EQ (g_dbus_message_get_reply_serial (answer), 2 + i);
    }
    g_main_context_wakeup (nullptr);
  });
  while (received.calls < 100)
    g_main_context_iteration (nullptr, TRUE);
  caller.join ();
  g_dbus_connection_remove_filter (connection, id);
}

/* A call counts while it waits for others, and until its last reference is dropped. A signal does
 * not count. */
TEST_F (BusRelay, CallsCountUntilTheyAreOver)
{
  QuiltActivity *calls = quilt_bus_relay_get_calls (relay);
  Received received;
  const guint id = g_dbus_connection_add_filter (connection, Received::filter, &received, nullptr);
  const auto is_none = [calls] {
    gint64 since;

    return quilt_activity_is_none (calls, &since);
  };
  std::atomic<GDBusMessage *> held = nullptr;
  const auto keep = [] (GDBusConnection *, GDBusMessage *message, gboolean incoming,
                        gpointer data) {
    if (incoming)
      *static_cast<std::atomic<GDBusMessage *> *> (data) = g_object_ref (message);
    return message;
  };

  EXPECT_TRUE (is_none ());
  g_autoptr (GDBusMessage) signal = g_dbus_message_new_signal ("/", "org.example.No", "S");
  g_dbus_message_set_sender (signal, ":1.42");
  deliver (bus, signal, 2);
  while (received.signals == 0)
    std::this_thread::yield ();
  EXPECT_TRUE (is_none ());

  for (guint32 i = 0; i < 20; i++) {
    g_autoptr (GDBusMessage) call =
        g_dbus_message_new_method_call (":1.1", "/", "org.example.No", "No");

    g_dbus_message_set_sender (call, ":1.42");
    g_dbus_message_set_flags (call, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
    deliver (bus, call, 3 + i);
  }
  /* The signal takes the place of one until the main thread has come to it. The others wait. */
  while (received.calls < 7 || is_none ())
    std::this_thread::yield ();
  quilt_activity_on_none (
      calls, [] (gpointer) {}, nullptr);
  while (received.calls < 20 || !is_none ())
    g_main_context_iteration (nullptr, TRUE);

  /* Until the last reference to it is dropped. */
  const guint keeper = g_dbus_connection_add_filter (connection, keep, &held, nullptr);
  g_autoptr (GDBusMessage) call =
      g_dbus_message_new_method_call (":1.1", "/", "org.example.No", "No");
  g_dbus_message_set_sender (call, ":1.42");
  deliver (bus, call, 50);
  while (!held)
    std::this_thread::yield ();
  EXPECT_FALSE (is_none ());
  g_dbus_connection_remove_filter (connection, keeper);
  g_object_unref (held);
  while (!is_none ())
    g_main_context_iteration (nullptr, TRUE);
  g_dbus_connection_remove_filter (connection, id);
}

TEST_F (BusRelay, WhatWasSentArrivesAlsoIfTheConnectionEnds)
{
  for (int i = 0; i < 4; i++)
    emit (connection, 150000, -1);
  std::thread end ([&] { quilt_bus_relay_free (g_steal_pointer (&relay)); });
  EXPECT_EQ (read_all (bus, 4).starts.size (), 4u);
  end.join ();
}

/* GDBus closes its end by itself then, and neither thread may wait for the other for ever. */
TEST_F (BusRelay, ABusThatSendsWhatGDBusRefusesIsLeft)
{
  g_autoptr (GDBusMessage) message =
      g_dbus_message_new_signal ("/org/quilt", "org.quilt.Test", "S");
  gsize size;

  g_dbus_message_set_body (message, g_variant_new ("(s)", "xxxx"));
  g_dbus_message_set_serial (message, 2);
  g_autofree guchar *blob =
      g_dbus_message_to_blob (message, &size, G_DBUS_CAPABILITY_FLAGS_NONE, nullptr);
  blob[size - 3] = 0xff; /* not UTF-8 */
  say (bus, blob, size);
  while (!g_dbus_connection_is_closed (connection))
    g_main_context_iteration (nullptr, TRUE);
  quilt_bus_relay_free (g_steal_pointer (&relay));
  char c;
  EXPECT_EQ (recv (bus, &c, 1, 0), 0);
}
