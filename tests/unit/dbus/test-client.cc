// SPDX-License-Identifier: LGPL-2.1-or-later
// The D-Bus client, against a bus that a thread of the test plays.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

extern "C" {
#include "base/fd.h"
#include "dbus/connect.h"
#include "dbus/open.h"
}

namespace
{
struct Message {
  QuiltDbusMessage header = {};
  std::string member, text; // text: the body, printed
  std::vector<int> fds;
};

// The other end of the client's socket.
class Peer
{
public:
  explicit Peer (int fd) : fd (fd)
  {
  }
  ~Peer ()
  {
    quilt_fd_clear (&fd);
  }

  // Waits a moment: a message that comes too early does come.
  bool has_input ()
  {
    struct pollfd item = {fd, POLLIN, 0};

    return poll (&item, 1, 20) > 0;
  }

  std::string read_until (const std::string &end)
  {
    std::string text;

    while (text.size () < end.size () || text.substr (text.size () - end.size ()) != end) {
      char byte;
      if (read (fd, &byte, 1) != 1)
        break;
      text += byte;
    }
    return text;
  }

  Message take ()
  {
    std::vector<guint8> bytes (QUILT_DBUS_START);
    Message message;
    gsize have = 0;

    while (have < bytes.size ()) {
      int fds[QUILT_FDS_MAX];
      guint n_fds;
      const gssize n = quilt_fds_read (fd, bytes.data () + have, bytes.size () - have, fds, &n_fds);

      if (n <= 0)
        return message;
      message.fds.insert (message.fds.end (), fds, fds + n_fds);
      have += (gsize)n;
      if (have == QUILT_DBUS_START)
        bytes.resize (quilt_dbus_message_measure (bytes.data ()));
    }
    EXPECT_TRUE (quilt_dbus_message_read (bytes.data (), bytes.size (), &message.header));
    message.member = message.header.member;
    g_autofree char *text = g_variant_print (message.header.body, FALSE);
    message.text = text;
    g_variant_unref (message.header.body);
    return message;
  }

  void write (const std::string &text)
  {
    EXPECT_TRUE (quilt_fds_write_all (fd, text.data (), text.size (), nullptr, 0));
  }

  void send (QuiltDbusMessage message, const char *body, const std::vector<int> &fds = {})
  {
    g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_parsed (body));
    message.body = value;
    message.serial = ++serial;
    message.n_fds = (guint)fds.size ();
    g_autoptr (GByteArray) bytes = quilt_dbus_message_write (&message);
    EXPECT_TRUE (
        quilt_fds_write_all (fd, bytes->data, bytes->len, fds.data (), (guint)fds.size ()));
  }

  void reply (const Message &call, const char *body, const std::vector<int> &fds = {})
  {
    QuiltDbusMessage message = {QUILT_DBUS_RETURN};

    message.reply_serial = call.header.serial;
    send (message, body, fds);
  }

  void refuse (const Message &call, const char *name, const char *body)
  {
    QuiltDbusMessage message = {QUILT_DBUS_ERROR_REPLY};

    message.reply_serial = call.header.serial;
    message.error_name = name;
    send (message, body);
  }

  void signal (const char *sender, const char *path, const char *member, const char *body)
  {
    QuiltDbusMessage message = {QUILT_DBUS_SIGNAL};

    message.sender = sender;
    message.path = path;
    message.interface =
        strcmp (member, "NameOwnerChanged") ? "org.quilt.Job" : "org.freedesktop.DBus";
    message.member = member;
    send (message, body);
  }

  // All that a client does to begin.
  void welcome ()
  {
    EXPECT_EQ (read_until ("BEGIN\r\n").substr (0, 15), std::string ("\0AUTH EXTERNAL\r", 15));
    const Message hello = take ();
    EXPECT_EQ (hello.member, "Hello");
    write ("DATA\r\nOK 1234\r\nAGREE_UNIX_FD\r\n");
    reply (hello, "(':1.7',)");
  }

  int fd;

private:
  guint32 serial = 0;
};

class Client : public testing::Test
{
protected:
  ~Client () override
  {
    g_clear_pointer (&bus, quilt_dbus_close);
    if (thread.joinable ())
      thread.join ();
    g_clear_error (&error);
  }

  // The script is what the bus does from its first byte on.
  void open (std::function<void (Peer &)> script)
  {
    int fds[2];

    ASSERT_EQ (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    thread = std::thread ([script, fd = fds[1]] {
      Peer peer (fd);
      script (peer);
    });
    bus = quilt_dbus_open_socket (fds[0], &error);
  }

  void open_after_welcome (std::function<void (Peer &)> script)
  {
    open ([script] (Peer &peer) {
      peer.welcome ();
      script (peer);
    });
    ASSERT_TRUE (bus) << error->message;
  }

  void open_peer (std::function<void (Peer &)> script)
  {
    int fds[2];

    ASSERT_EQ (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    thread = std::thread ([script, fd = fds[1]] {
      Peer peer (fd);
      script (peer);
    });
    bus = quilt_dbus_new (fds[0], TRUE);
  }

  static QuiltDbusCall call_of (const char *method, GVariant *args = nullptr)
  {
    QuiltDbusCall call = {"org.quilt", "/org/quilt", "org.quilt.Manager", method, args};

    return call;
  }

  QuiltDbusReply call_sync (const char *method, const char *type = nullptr, int msec = -1)
  {
    QuiltDbusCall call = call_of (method);
    QuiltDbusReply reply = {};

    call.reply_type = type;
    quilt_dbus_call_sync (bus, &call, msec, &reply);
    EXPECT_NE (reply.body == nullptr, reply.error == nullptr);
    return reply;
  }

  /* The results of calls and signals, in order. */
  static void on_reply (QuiltDbusReply *reply, gpointer data)
  {
    g_autofree char *text = reply->body ? g_variant_print (reply->body, FALSE) : nullptr;

    *(std::string *)data += std::string (text ? text : reply->error->message) + "|";
  }
  static void on_signal (const char *path, GVariant *args, gpointer data)
  {
    g_autofree char *text = g_variant_print (args, FALSE);

    *(std::string *)data += std::string (path) + text + "|";
  }

  void subscribe (const char *member, const char *path, const char *arg0)
  {
    QuiltDbusMatch match = {"org.quilt", "org.quilt.Job", member, path, arg0};

    quilt_dbus_subscribe (bus, &match, on_signal, &seen);
  }

  static guint count_fds ()
  {
    g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, nullptr);
    guint n = 0;

    while (g_dir_read_name (dir))
      n++;
    return n;
  }

  // Runs the main loop until so many things were seen.
  void wait_for (size_t n)
  {
    while ((size_t)std::count (seen.begin (), seen.end (), '|') < n)
      g_main_context_iteration (nullptr, TRUE);
  }

  QuiltDbus *bus = nullptr;
  GError *error = nullptr;
  std::string seen;
  std::thread thread;
};
} // namespace

TEST_F (Client, CallsAndGetsTheAnswer)
{
  open_after_welcome ([] (Peer &peer) {
    const Message call = peer.take ();

    EXPECT_EQ (call.member, "GetVersion");
    EXPECT_EQ (call.text, "()");
    peer.reply (call, "('1.0',)");
  });
  g_auto (QuiltDbusReply) reply = call_sync ("GetVersion", "(s)");
  const char *version;

  ASSERT_TRUE (reply.body);
  g_variant_get (reply.body, "(&s)", &version);
  EXPECT_STREQ (version, "1.0");
}

TEST_F (Client, AnswersOfAnotherTypeAreErrors)
{
  open_after_welcome ([] (Peer &peer) { peer.reply (peer.take (), "(1,)"); });
  g_auto (QuiltDbusReply) reply = call_sync ("GetVersion", "(s)");

  ASSERT_TRUE (g_error_matches (reply.error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_FAILED));
  EXPECT_STREQ (reply.error->message, "The answer has the type '(i)' instead of '(s)'");
}

TEST_F (Client, ErrorsHaveTheirNames)
{
  open_after_welcome ([] (Peer &peer) {
    peer.refuse (peer.take (), "org.quilt.Error.Busy", "('Not now', 7)");
    peer.refuse (peer.take (), "a.b", "()");
  });
  g_auto (QuiltDbusReply) reply = call_sync ("Stop", "(s)");
  g_auto (QuiltDbusReply) bare = call_sync ("Stop", "(s)");
  g_autoptr (GError) copy = g_error_copy (reply.error);

  ASSERT_TRUE (g_error_matches (copy, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_REMOTE));
  EXPECT_STREQ (quilt_dbus_error_get_name (copy), "org.quilt.Error.Busy");
  EXPECT_STREQ (copy->message, "Not now");
  EXPECT_STREQ (bare.error->message, "");
}

TEST_F (Client, ErrorsMayHaveDetails)
{
  open_after_welcome ([] (Peer &peer) {
    peer.refuse (peer.take (), "a.b", "('No', {'option': <'init'>}, 7)");
    peer.refuse (peer.take (), "a.b", "('No', 'init')");
    peer.refuse (peer.take (), "a.b", "(7, {'option': <'init'>})");
  });
  g_auto (QuiltDbusReply) detailed = call_sync ("Stop", "(s)");
  g_auto (QuiltDbusReply) text = call_sync ("Stop", "(s)");
  g_auto (QuiltDbusReply) number = call_sync ("Stop", "(s)");
  g_autoptr (GError) copy = g_error_copy (detailed.error);
  g_autofree char *details = g_variant_print (quilt_dbus_error_get_details (copy), FALSE);

  EXPECT_STREQ (copy->message, "No");
  EXPECT_STREQ (details, "{'option': <'init'>}");
  EXPECT_STREQ (text.error->message, "No");
  EXPECT_EQ (quilt_dbus_error_get_details (text.error), nullptr);
  EXPECT_STREQ (number.error->message, "");
}

TEST_F (Client, TheBusMayRefuseTheUser)
{
  open ([] (Peer &peer) {
    peer.read_until ("BEGIN\r\n");
    peer.write ("REJECTED EXTERNAL\r\n");
  });
  ASSERT_FALSE (bus);
  EXPECT_STREQ (error->message, "The bus refuses to authenticate this user");
}

TEST_F (Client, TheBusMayBeNone)
{
  open ([] (Peer &peer) {
    peer.read_until ("BEGIN\r\n");
    peer.write (std::string (5000, 'x'));
  });
  ASSERT_FALSE (bus);
  EXPECT_STREQ (error->message, "The bus sent an answer that is not D-Bus");
}

TEST_F (Client, TheBusMayEndInTheMiddleOfItsWelcome)
{
  open ([] (Peer &peer) {
    peer.read_until ("BEGIN\r\n");
    peer.take ();
    peer.write ("DATA\r\nOK 1234\r\nAGREE");
  });
  ASSERT_FALSE (bus);
  EXPECT_TRUE (g_error_matches (error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED));
}

TEST_F (Client, TheBusMayRefuseHello)
{
  open ([] (Peer &peer) {
    peer.read_until ("BEGIN\r\n");
    peer.write ("DATA\r\nOK 1234\r\nAGREE_UNIX_FD\r\n");
    peer.refuse (peer.take (), "org.freedesktop.DBus.Error.LimitsExceeded", "('Too many',)");
  });
  ASSERT_FALSE (bus);
  EXPECT_STREQ (error->message, "Too many");
}

TEST_F (Client, AClosedConnectionEndsEachCall)
{
  open_after_welcome ([] (Peer &peer) {
    peer.take ();
    peer.take ();
  });
  QuiltDbusCall call = call_of ("Wait");

  quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  g_auto (QuiltDbusReply) reply = call_sync ("GetVersion");
  EXPECT_TRUE (g_error_matches (reply.error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED));
  EXPECT_TRUE (quilt_dbus_is_closed (bus));
  EXPECT_EQ (seen, "") << "callbacks are the main loop's";
  wait_for (1);
  EXPECT_EQ (seen, "The connection to the bus has ended: the bus has closed it|");
  quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  wait_for (2);
}

/* A caller that opens another connection must still get the errors of the calls on the old one. */
TEST_F (Client, GivingUpAClosedConnectionEndsItsCalls)
{
  open_after_welcome ([] (Peer &peer) {
    peer.take ();
    peer.take ();
  });
  QuiltDbusCall call = call_of ("Wait");

  quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  g_auto (QuiltDbusReply) reply = call_sync ("GetVersion");
  g_clear_pointer (&bus, quilt_dbus_close);
  wait_for (1);
}

TEST_F (Client, GarbageClosesTheConnection)
{
  open_after_welcome ([] (Peer &peer) {
    peer.take ();
    peer.write (std::string (32, 'l'));
    peer.read_until ("never");
  });
  g_auto (QuiltDbusReply) reply = call_sync ("GetVersion");

  EXPECT_STREQ (reply.error->message,
                "The connection to the bus has ended: the bus sent an invalid D-Bus message");
}

TEST_F (Client, DescriptorsGoBothWays)
{
  open_after_welcome ([] (Peer &peer) {
    Message call = peer.take ();

    EXPECT_EQ (call.text, "(1, 'x')");
    EXPECT_EQ (call.header.n_fds, 2u);
    EXPECT_EQ (call.fds.size (), 2u);
    if (call.fds.size () == 2) {
      EXPECT_EQ (write (call.fds[1], "x", 1), 1);
    }
    peer.reply (call, "(handle 0,)", {call.fds[0]});
    for (int fd : call.fds)
      close (fd);
  });
  int pipes[2];

  ASSERT_EQ (pipe2 (pipes, O_CLOEXEC), 0);
  QuiltDbusCall call = call_of ("Take", g_variant_new ("(hs)", 1, "x"));
  call.fds = pipes;
  call.n_fds = 2;
  g_auto (QuiltDbusReply) reply = {};
  quilt_dbus_call_sync (bus, &call, -1, &reply);
  quilt_fd_clear (&pipes[0]);
  quilt_fd_clear (&pipes[1]);
  ASSERT_TRUE (reply.body) << reply.error->message;
  ASSERT_EQ (reply.n_fds, 1u);
  thread.join ();
  char text[4] = "";
  EXPECT_EQ (read (reply.fds[0], text, sizeof text), 1);
  EXPECT_EQ (fcntl (reply.fds[0], F_GETFD), FD_CLOEXEC);
}

TEST_F (Client, AMessageWithoutTheDescriptorsThatItClaimsClosesTheConnection)
{
  open_after_welcome ([] (Peer &peer) {
    const Message call = peer.take ();
    QuiltDbusMessage message = {QUILT_DBUS_RETURN};
    g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new ("(h)", 0));

    message.serial = 9;
    message.reply_serial = call.header.serial;
    message.n_fds = 1;
    message.body = body;
    g_autoptr (GByteArray) bytes = quilt_dbus_message_write (&message);
    peer.write (std::string ((char *)bytes->data, bytes->len));
    peer.read_until ("never");
  });
  g_auto (QuiltDbusReply) reply = call_sync ("ReadLog", "(h)");

  EXPECT_TRUE (g_error_matches (reply.error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED));
}

TEST_F (Client, LargeMessagesAndPieces)
{
  open_after_welcome ([] (Peer &peer) {
    const Message call = peer.take ();
    const std::string big (3 << 20, 'b');
    QuiltDbusMessage message = {QUILT_DBUS_RETURN};
    g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new ("(s)", big.c_str ()));

    EXPECT_EQ (call.text.size (), (1u << 20) + strlen ("('',)"));
    message.serial = 9;
    message.reply_serial = call.header.serial;
    message.body = body;
    g_autoptr (GByteArray) bytes = quilt_dbus_message_write (&message);
    for (guint at = 0; at < 40; at++)
      peer.write (std::string ((char *)bytes->data + at, 1));
    peer.write (std::string ((char *)bytes->data + 40, bytes->len - 40));
  });
  const std::string text (1 << 20, 'a');
  QuiltDbusCall call = call_of ("Echo", g_variant_new ("(s)", text.c_str ()));
  g_auto (QuiltDbusReply) reply = {};

  quilt_dbus_call_sync (bus, &call, -1, &reply);
  ASSERT_TRUE (reply.body) << reply.error->message;
  EXPECT_GT (g_variant_get_size (reply.body), 3u << 20);
}

TEST_F (Client, AnswersComeInAnyOrderAndCancelledOnesDoNotCome)
{
  open_after_welcome ([] (Peer &peer) {
    const Message first = peer.take (), second = peer.take (), third = peer.take ();

    peer.reply (third, "(3,)");
    peer.reply (second, "(2,)");
    peer.reply (first, "(1,)");
  });
  QuiltDbusPending pending;

  for (int i = 0; i < 3; i++) {
    QuiltDbusCall call = call_of ("Wait");

    quilt_dbus_call (bus, &call, on_reply, &seen, i == 1 ? &pending : nullptr);
  }
  quilt_dbus_pending_clear (&pending);
  wait_for (2);
  EXPECT_EQ (seen, "(3,)|(1,)|");
}

/* The bus refuses more than 128 calls of a connection that it has not answered. */
TEST_F (Client, CallsWaitWhileTooManyHaveNoAnswer)
{
  static const int CALLS = 300;
  std::atomic<int> most{0};

  open_after_welcome ([&most] (Peer &peer) {
    std::deque<Message> open;

    for (int taken = 0; taken < CALLS || !open.empty ();) {
      struct pollfd more = {peer.fd, POLLIN, 0};

      if (taken < CALLS && poll (&more, 1, open.empty () ? -1 : 20) > 0) {
        open.push_back (peer.take ());
        taken++;
        most = std::max<int> (most, (int)open.size ());
        continue;
      }
      peer.reply (open.front (), "(1,)");
      open.pop_front ();
    }
  });

  for (int i = 0; i < CALLS; i++) {
    QuiltDbusCall call = call_of ("Wait");

    quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  }
  wait_for (CALLS);
  EXPECT_GT (most, 50);
  EXPECT_LE (most, 128);
}

/* The slow calls get no answer here, and another call is sent and answered all the same. */
TEST_F (Client, SlowCallsLeaveRoomForOthers)
{
  static const int CALLS = 200;

  open_after_welcome ([] (Peer &peer) {
    std::vector<Message> slow;
    Message message;

    while ((message = peer.take ()).member == "Slow")
      slow.push_back (message);
    EXPECT_GT (slow.size (), 30u);
    EXPECT_LT (slow.size (), 80u);
    peer.reply (message, "(1,)");
    for (size_t i = 0; i < slow.size (); i++) {
      peer.reply (slow[i], "(2,)");
      while (slow.size () < (size_t)CALLS && peer.has_input ())
        slow.push_back (peer.take ());
    }
    EXPECT_EQ (slow.size (), (size_t)CALLS);
  });
  for (int i = 0; i < CALLS; i++) {
    QuiltDbusCall call = call_of ("Slow");

    call.is_slow = TRUE;
    quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  }
  QuiltDbusCall call = call_of ("Other");
  quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  wait_for (CALLS + 1);
  EXPECT_EQ (seen.substr (0, 5), "(1,)|");
}

// Otherwise many starts at once would be given up before systemd has seen them.
TEST_F (Client, TheTimeOfACallBeginsWhenItIsSent)
{
  static const int CALLS = 64; /* as many slow ones as are sent at a time */
  std::promise<void> second;

  open_after_welcome ([&second] (Peer &peer) {
    std::vector<Message> slow;

    for (int i = 0; i < CALLS; i++)
      slow.push_back (peer.take ());
    EXPECT_EQ (peer.take ().member, "Clock");
    second.get_future ().wait ();
    for (const Message &call : slow)
      peer.reply (call, "(1,)");
    peer.reply (peer.take (), "('last',)");
  });
  for (const char *method : {"Slow", "Clock", "Last"}) {
    for (int i = 0; i < (*method == 'S' ? CALLS : 1); i++) {
      QuiltDbusCall call = call_of (method);

      call.is_slow = *method != 'C';
      call.timeout_sec = *method == 'S' ? 0 : 1;
      quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
    }
  }
  wait_for (1);
  EXPECT_EQ (seen, "No answer within the time limit|");
  second.set_value ();
  wait_for (1 + CALLS + 1);
  EXPECT_EQ (seen.substr (seen.length () - 11), "|('last',)|");
}

TEST_F (Client, ATimeoutEndsACallAndItsLateAnswerIsDropped)
{
  open_after_welcome ([] (Peer &peer) {
    const Message slow = peer.take (), next = peer.take ();

    peer.reply (slow, "('slow',)");
    peer.reply (next, "('next',)");
  });
  g_auto (QuiltDbusReply) slow = call_sync ("Wait", "(s)", 1);
  g_auto (QuiltDbusReply) next = call_sync ("Wait", "(s)");

  EXPECT_TRUE (g_error_matches (slow.error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_TIMED_OUT));
  ASSERT_TRUE (next.body);
  on_reply (&next, &seen);
  EXPECT_EQ (seen, "('next',)|");
}

// Anybody may send us a signal: only those of the name's owner count.
TEST_F (Client, SignalsOfTheOwnerAlone)
{
  open_after_welcome ([] (Peer &peer) {
    EXPECT_EQ (peer.take ().text,
               "(\"type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
               "member='NameOwnerChanged',path='/org/freedesktop/DBus',arg0='org.quilt'\",)");
    const Message owner = peer.take ();
    EXPECT_EQ (owner.member, "GetNameOwner");
    EXPECT_EQ (peer.take ().text, "(\"type='signal',sender='org.quilt',interface='org.quilt.Job',"
                                  "member='Completed',path='/job'\",)");
    peer.signal (":1.9", "/job", "Completed", "('early',)");
    peer.reply (owner, "(':1.4',)");
    peer.signal (":1.9", "/job", "Completed", "('false',)");
    peer.signal ("org.quilt", "/job", "Completed", "('false too',)");
    peer.signal (":1.4", "/other", "Completed", "('other path',)");
    peer.signal (":1.4", "/job", "Other", "('other member',)");
    peer.signal (":1.4", "/job", "Completed", "('one',)");
    peer.signal (":1.9", "/org/freedesktop/DBus", "NameOwnerChanged",
                 "('org.quilt', ':1.4', ':1.9')");
    peer.signal (":1.9", "/job", "Completed", "('false',)");
    peer.signal ("org.freedesktop.DBus", "/org/freedesktop/DBus", "NameOwnerChanged",
                 "('org.quilt', ':1.4', ':1.5')");
    peer.signal (":1.4", "/job", "Completed", "('no more',)");
    peer.signal (":1.5", "/job", "Completed", "('two',)");
  });
  subscribe ("Completed", "/job", nullptr);
  wait_for (2);
  EXPECT_EQ (seen, "/job('one',)|/job('two',)|");
}

TEST_F (Client, SignalsByTheirFirstArgumentUntilUnsubscribed)
{
  open_after_welcome ([] (Peer &peer) {
    peer.take ();
    peer.reply (peer.take (), "(':1.4',)");
    EXPECT_NE (peer.take ().text.find (",arg0='a'"), std::string::npos);
    peer.signal (":1.4", "/job", "Changed", "('b', 1)");
    peer.signal (":1.4", "/job", "Changed", "()");
    peer.signal (":1.4", "/job", "Changed", "(1,)");
    peer.signal (":1.4", "/job", "Changed", "('a', 2)");
    EXPECT_EQ (peer.take ().member, "RemoveMatch");
    const Message call = peer.take ();
    peer.signal (":1.4", "/job", "Changed", "('a', 3)");
    peer.reply (call, "()");
  });
  subscribe ("Changed", nullptr, "a");
  wait_for (1);
  quilt_dbus_unsubscribe (bus, &seen);
  QuiltDbusCall call = call_of ("Last");
  quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  wait_for (2);
  EXPECT_EQ (seen, "/job('a', 2)|()|");
}

/* If the connection ends, a caller that waits for a name's owner to go must be told. */
TEST_F (Client, AClosedConnectionIsTheLossOfEachWatchedOwner)
{
  const QuiltDbusMatch owner = {QUILT_DBUS_BUS, QUILT_DBUS_BUS, "NameOwnerChanged",
                                QUILT_DBUS_BUS_PATH, "org.quilt"};
  const QuiltDbusMatch other = {QUILT_DBUS_BUS, QUILT_DBUS_BUS, "NameOwnerChanged",
                                QUILT_DBUS_BUS_PATH, "org.nobody"};

  open_after_welcome ([] (Peer &peer) {
    peer.take ();
    peer.reply (peer.take (), "(':1.4',)"); // GetNameOwner
    peer.take ();
    peer.take ();
    peer.refuse (peer.take (), "org.freedesktop.DBus.Error.NameHasNoOwner", "('No',)");
    peer.take ();
    peer.signal (":1.4", "/job", "Completed", "('last',)");
  });
  quilt_dbus_subscribe (bus, &owner, on_signal, &seen);
  quilt_dbus_subscribe (bus, &other, on_signal, &seen);
  subscribe ("Completed", nullptr, nullptr);
  wait_for (2);
  EXPECT_EQ (seen, "/job('last',)|/org/freedesktop/DBus('org.quilt', ':1.4', '')|");
  EXPECT_TRUE (quilt_dbus_is_closed (bus));
}

// The same if another call heard of the end first, and not on a connection that was given up.
TEST_F (Client, TheLossOfOwnersWaitsForTheMainLoop)
{
  const QuiltDbusMatch owner = {QUILT_DBUS_BUS, QUILT_DBUS_BUS, "NameOwnerChanged",
                                QUILT_DBUS_BUS_PATH, "org.quilt"};

  for (const bool given_up : {false, true}) {
    seen = "";
    open_after_welcome ([] (Peer &peer) {
      peer.take ();
      peer.reply (peer.take (), "(':1.4',)");
      peer.take ();
      peer.take ();
    });
    quilt_dbus_subscribe (bus, &owner, on_signal, &seen);
    g_auto (QuiltDbusReply) reply = call_sync ("GetVersion");
    EXPECT_TRUE (g_error_matches (reply.error, QUILT_DBUS_ERROR, QUILT_DBUS_ERROR_CLOSED));
    EXPECT_EQ (seen, "");
    if (given_up)
      g_clear_pointer (&bus, quilt_dbus_close);
    else
      wait_for (1);
    while (g_main_context_iteration (nullptr, FALSE))
      ;
    EXPECT_EQ (seen, given_up ? "" : "/org/freedesktop/DBus('org.quilt', ':1.4', '')|");
    g_clear_pointer (&bus, quilt_dbus_close);
    thread.join ();
  }
}

// A signal that comes during a call that waits is kept for the main loop.
/* Anybody may send signals; the bus lets pass handles without descriptors, and what is too deep. */
TEST_F (Client, SignalsThatAreNotWantedOrCannotBeReadEndNothing)
{
  const auto bad = [] (const char *sender, const char *member) {
    const QuiltDbusMessage signal = {.type = QUILT_DBUS_SIGNAL,
                                     .serial = 9,
                                     .path = "/j",
                                     .interface = "org.quilt.Job",
                                     .member = member,
                                     .sender = sender,
                                     .body = g_variant_new_parsed ("(handle 7,)")};
    g_autoptr (GVariant) body = g_variant_ref_sink (signal.body);
    g_autoptr (GByteArray) bytes = quilt_dbus_message_write (&signal);
    return std::string ((const char *)bytes->data, bytes->len);
  };

  open_after_welcome ([&bad] (Peer &peer) {
    peer.take ();
    peer.reply (peer.take (), "(':1.5',)");
    peer.take ();
    const Message call = peer.take ();
    peer.write (bad (":1.66", "Completed") + bad (":1.66", "Other") + bad (":1.5", "Completed"));
    QuiltDbusMessage signal = {QUILT_DBUS_SIGNAL};
    signal.sender = ":1.5";
    signal.path = "/j";
    signal.interface = "org.quilt.Job";
    signal.member = "Completed";
    const int fd = ::open ("/dev/null", O_RDONLY | O_CLOEXEC);
    peer.send (signal, "('good',)", {fd, fd});
    close (fd);
    peer.reply (call, "()");
    peer.read_until ("\n"); /* until the client closes */
  });
  const guint before = count_fds ();
  subscribe ("Completed", nullptr, nullptr);
  g_auto (QuiltDbusReply) reply = call_sync ("Ping");
  EXPECT_TRUE (reply.body);
  wait_for (1);
  EXPECT_EQ (seen, "/j('good',)|");
  EXPECT_FALSE (quilt_dbus_is_closed (bus));
  EXPECT_EQ (count_fds (), before);
}

TEST_F (Client, SignalsWaitForTheMainLoop)
{
  open_after_welcome ([] (Peer &peer) {
    peer.take ();
    peer.reply (peer.take (), "(':1.4',)");
    peer.take ();
    const Message call = peer.take ();
    peer.signal (":1.4", "/job", "Completed", "()");
    peer.reply (call, "()");
  });
  subscribe ("Completed", nullptr, nullptr);
  g_auto (QuiltDbusReply) reply = call_sync ("GetVersion");
  EXPECT_EQ (seen, "");
  wait_for (1);
}

// systemd at its private socket: no Hello, no rules, and no messages before it has let us in.
TEST_F (Client, APeerIsNotGreetedAndItsSignalsComeUnasked)
{
  open_peer ([] (Peer &peer) {
    EXPECT_EQ (peer.read_until ("BEGIN\r\n").substr (0, 15), std::string ("\0AUTH EXTERNAL\r", 15));
    EXPECT_FALSE (peer.has_input ());
    peer.write ("DATA\r\nOK 1234\r\nAGREE_");
    EXPECT_FALSE (peer.has_input ());
    peer.write ("UNIX_FD\r\n");
    const Message call = peer.take ();
    EXPECT_EQ (call.member, "Start");
    peer.signal ("org.freedesktop.systemd1", "/job", "Other", "('unwanted',)");
    peer.signal ("org.freedesktop.systemd1", "/job", "Completed", "('one',)");
    peer.signal (nullptr, "/job", "Completed", "('two',)");
    peer.reply (call, "('done',)");
  });
  subscribe ("Completed", nullptr, nullptr);
  QuiltDbusCall call = call_of ("Start");
  quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  wait_for (3);
  EXPECT_EQ (seen, "/job('one',)|/job('two',)|('done',)|");
}

TEST_F (Client, APeerMayRefuseTheUserLater)
{
  open_peer ([] (Peer &peer) {
    peer.read_until ("BEGIN\r\n");
    peer.write ("REJECTED EXTERNAL\r\n");
  });
  g_auto (QuiltDbusReply) reply = call_sync ("Start");
  EXPECT_STREQ (reply.error->message, "The bus refuses to authenticate this user");
  EXPECT_TRUE (quilt_dbus_is_closed (bus));
}

TEST_F (Client, APeerThatDoesNotReadHangsNobody)
{
  std::string large (1 << 20, 'x');
  int fds[2];

  ASSERT_EQ (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
  bus = quilt_dbus_new (fds[0], TRUE);
  for (int i = 0; i < 4; i++) {
    QuiltDbusCall call = call_of ("Start", g_variant_new ("(s)", large.c_str ()));

    quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  }
  QuiltDbusCall last = call_of ("Last");
  last.timeout_sec = 1;
  quilt_dbus_call (bus, &last, on_reply, &seen, nullptr);
  wait_for (1);
  EXPECT_EQ (seen, "No answer within the time limit|");
  thread = std::thread ([fd = fds[1], &large] {
    Peer peer (fd);

    peer.read_until ("BEGIN\r\n");
    peer.write ("DATA\r\nOK 1234\r\nAGREE_UNIX_FD\r\n");
    std::vector<Message> calls;
    for (int i = 0; i < 5; i++)
      calls.push_back (peer.take ());
    EXPECT_EQ (calls[3].text, "('" + large + "',)");
    peer.reply (calls[4], "('late',)");
    for (int i = 0; i < 4; i++)
      peer.reply (calls[(size_t)i], "(1,)");
  });
  wait_for (5);
  EXPECT_EQ (seen, "No answer within the time limit|(1,)|(1,)|(1,)|(1,)|");
}

TEST_F (Client, WithoutAMainLoopCallbacksRunInIterate)
{
  open_peer ([] (Peer &peer) {
    peer.read_until ("BEGIN\r\n");
    peer.write ("DATA\r\nOK 1234\r\nAGREE_UNIX_FD\r\n");
    peer.reply (peer.take (), "('done',)");
    peer.read_until ("\n"); /* until the client closes */
  });
  QuiltDbusCall call = call_of ("Start");
  quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  while (seen.empty ())
    EXPECT_TRUE (quilt_dbus_iterate (bus, -1));
  EXPECT_EQ (seen, "('done',)|");
  EXPECT_TRUE (quilt_dbus_iterate (bus, 1)); /* nothing comes */
}

TEST_F (Client, TheEndIsToldOnce)
{
  int told = 0;

  open_after_welcome ([] (Peer &peer) { peer.take (); });
  quilt_dbus_on_closed (
      bus, [] (gpointer data) { ++*(int *)data; }, &told);
  QuiltDbusCall call = call_of ("Start");
  quilt_dbus_call (bus, &call, on_reply, &seen, nullptr);
  while (told == 0)
    g_main_context_iteration (nullptr, TRUE);
  EXPECT_EQ (seen, "The connection to the bus has ended: the bus has closed it|");
  EXPECT_FALSE (g_main_context_iteration (nullptr, FALSE));
  EXPECT_EQ (told, 1);
  EXPECT_FALSE (quilt_dbus_iterate (bus, -1));
}

// A stranger's signal may be as large as the bus lets it be.
TEST_F (Client, MessagesThatAreTooLargeAreSkippedWithTheirDescriptors)
{
  const int fd = ::open ("/dev/null", O_RDONLY | O_CLOEXEC);
  open_after_welcome ([fd] (Peer &peer) {
    const Message call = peer.take ();
    QuiltDbusMessage signal = {QUILT_DBUS_SIGNAL};

    signal.path = "/j";
    signal.interface = "org.quilt.Job";
    signal.member = "Completed";
    for (const char *body : {"(b'%s',)", "('%s', 1)"}) {
      g_autofree char *large = g_strnfill (1 << 20, 'x');
      g_autofree char *text = g_strdup_printf (body, large);
      peer.send (signal, text, {fd, fd});
    }
    peer.reply (call, "(handle 0,)", {fd});
    peer.read_until ("\n"); /* until the client closes */
  });
  const guint before = count_fds ();
  quilt_dbus_set_message_max (bus, 64 << 10);
  {
    g_auto (QuiltDbusReply) reply = call_sync ("Ping");
    ASSERT_TRUE (reply.body);
    EXPECT_EQ (reply.n_fds, 1u);
  }
  EXPECT_EQ (count_fds (), before);
  close (fd);
}

TEST (Address, OnlyUnixSockets)
{
  const struct {
    const char *address, *message;
  } cases[] = {
      {"tcp:host=localhost,port=1", "Failed to read the address 'tcp:host=localhost,port=1': must "
                                    "be unix:path=PATH or unix:abstract=NAME"},
      {"unix:path=/nonexistent/bus",
       "Failed to connect to 'unix:path=/nonexistent/bus': No such file or directory"},
      {"unix:path=%zz", "Failed to read the address 'unix:path=%zz': must be unix:path=PATH or "
                        "unix:abstract=NAME"},
      {"unix:path=a,abstract=b",
       "Failed to read the address 'unix:path=a,abstract=b': must be unix:path=PATH or "
       "unix:abstract=NAME"},
      {"", "The address is empty"},
      {";", "The address is empty"},
  };
  const std::string longest = "unix:path=/" + std::string (107, 'a');
  GError *error = nullptr;

  for (const auto &test : cases) {
    EXPECT_EQ (quilt_dbus_connect (test.address, &error), -1);
    EXPECT_STREQ (error->message, test.message);
    g_clear_error (&error);
  }
  EXPECT_EQ (quilt_dbus_connect (longest.c_str (), &error), -1);
  EXPECT_NE (std::string (error->message).find ("its path is too long"), std::string::npos);
  g_clear_error (&error);
}

TEST (Address, TheFirstThatCanBeReachedUnescaped)
{
  g_autofree char *directory = g_dir_make_tmp ("quilt-bus-XXXXXX", nullptr);
  g_autofree char *path = g_build_filename (directory, "a bus;", nullptr);
  g_autofree char *name = g_strdup_printf ("quilt-test-%d", getpid ());
  const std::string addresses[] = {std::string ("unix:path=/nonexistent;unix:guid=1,path=") +
                                       directory + "/a%20bus%3b",
                                   std::string ("unix:abstract=") + name};
  struct sockaddr_un target = {AF_UNIX, ""};

  for (int i = 0; i < 2; i++) {
    int listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const char *text = i == 0 ? path : name;

    memset (target.sun_path, 0, sizeof target.sun_path);
    strcpy (target.sun_path + i, text);
    ASSERT_EQ (bind (listener, (struct sockaddr *)&target,
                     (socklen_t)(offsetof (struct sockaddr_un, sun_path) + strlen (text) + 1)),
               0);
    ASSERT_EQ (listen (listener, 1), 0);
    int fd = quilt_dbus_connect (addresses[i].c_str (), nullptr);
    EXPECT_GE (fd, 0) << addresses[i];
    quilt_fd_clear (&fd);
    quilt_fd_clear (&listener);
  }
  unlink (path);
  rmdir (directory);
}
