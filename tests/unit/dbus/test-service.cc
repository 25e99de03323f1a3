/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A connection that receives calls, on a bus that the test plays. */
#include "base/check.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>

extern "C" {
#include "base/fd.h"
#include "dbus/server/call.h"
#include "dbus/server/service.h"
}

namespace
{

using std::string;
using Bytes = std::vector<guint8>;

struct Message {
  QuiltDbusMessage head = {};
  string error, text; /* text: the body, printed */
  std::vector<int> fds;
};

Bytes
make (QuiltDbusMessage message, const char *body, guint32 serial)
{
  g_autoptr (GVariant) value = g_variant_ref_sink (g_variant_new_parsed (body));

  message.body = value;
  message.serial = serial;
  g_autoptr (GByteArray) bytes = quilt_dbus_message_write (&message);
  return Bytes (bytes->data, bytes->data + bytes->len);
}

QuiltDbusMessage
call_of (const char *member = "Try", const char *sender = ":1.42")
{
  QuiltDbusMessage message = {QUILT_DBUS_CALL};

  message.path = "/org/quilt";
  message.interface = "org.quilt.Test";
  message.member = member;
  message.sender = sender;
  return message;
}

QuiltDbusMessage
signal_of (const char *member, const char *sender)
{
  QuiltDbusMessage message = {QUILT_DBUS_SIGNAL};

  message.path = "/org/freedesktop/DBus";
  message.interface = "org.freedesktop.DBus";
  message.member = member;
  message.sender = sender;
  return message;
}

guint
count_fds ()
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, nullptr);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

class Serve : public testing::Test
{
protected:
  int bus = -1; /* the bus's end */
  QuiltDbus *self = nullptr;
  QuiltDbusService *service = nullptr;
  QuiltActivity *calls = quilt_activity_new ();
  std::vector<QuiltCall *> received; /* calls that were not answered yet */
  std::function<void (QuiltCall *)> handle = [this] (QuiltCall *call) {
    received.push_back (call);
  };
  int handled = 0;
  bool closed = false;

  void SetUp () override
  {
    const string welcome = "DATA\r\nOK 1234\r\nAGREE_UNIX_FD\r\n";
    int pair[2];

    ASSERT_EQ (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    bus = pair[1];
    self = quilt_dbus_new (pair[0], FALSE);
    quilt_dbus_set_message_max (self, 64 * 1024);
    quilt_dbus_on_closed (
        self, [] (gpointer data) { static_cast<Serve *> (data)->closed = true; }, this);
    service = quilt_dbus_service_new (self, calls, on_call, this);
    say (Bytes (welcome.begin (), welcome.end ()));
    settle ();
  }

  void TearDown () override
  {
    gint64 since;

    for (QuiltCall *call : received)
      quilt_call_unref (call);
    g_clear_pointer (&self, quilt_dbus_close);
    g_clear_pointer (&service, quilt_dbus_service_free);
    EXPECT_TRUE (quilt_activity_is_none (calls, &since));
    quilt_activity_unref (calls);
    quilt_fd_clear (&bus);
  }

  static void on_call (QuiltCall *call, gpointer data)
  {
    auto *test = static_cast<Serve *> (data);

    test->handled++;
    test->handle (call);
  }

  void say (const Bytes &bytes)
  {
    EXPECT_TRUE (quilt_fds_write_all (bus, bytes.data (), bytes.size (), nullptr, 0));
  }

  void say (const Bytes &bytes, const std::vector<int> &fds)
  {
    EXPECT_TRUE (
        quilt_fds_write_all (bus, bytes.data (), bytes.size (), fds.data (), (guint)fds.size ()));
  }

  static void settle ()
  {
    while (g_main_context_iteration (nullptr, FALSE))
      ;
  }

  static void wait (const std::function<bool ()> &done)
  {
    while (!done ())
      g_main_context_iteration (nullptr, TRUE);
  }

  /* Bytes and descriptors that arrived and were not taken yet. */
  Bytes in;
  std::vector<int> in_fds;
  std::vector<gsize> ends; /* where the reads with descriptors ended, from the beginning */
  gsize taken = 0;

  void read_some ()
  {
    guint8 data[2048];
    int fds[QUILT_FDS_MAX];
    guint n_fds;
    struct pollfd item = {bus, POLLIN, 0};

    if (poll (&item, 1, 0) <= 0) {
      g_main_context_iteration (nullptr, FALSE);
      return;
    }
    const gssize n = quilt_fds_read (bus, data, sizeof data, fds, &n_fds);
    ASSERT_GT (n, 0);
    in.insert (in.end (), data, data + n);
    in_fds.insert (in_fds.end (), fds, fds + n_fds);
    if (n_fds > 0)
      ends.push_back (taken + in.size () - 1);
  }

  /* The next answer or signal that the client sends; its own calls are skipped. */
  Message next ()
  {
    Message message;

    for (;;) {
      while (!skipped_lines) {
        const string text (in.begin (), in.end ());
        const auto end = text.find ("BEGIN\r\n");

        if (end == string::npos) {
          read_some ();
          continue;
        }
        drop (end + 7);
        skipped_lines = true;
      }
      while (in.size () < QUILT_DBUS_START || in.size () < quilt_dbus_message_measure (in.data ()))
        read_some ();
      const gsize size = quilt_dbus_message_measure (in.data ());
      bytes.assign (in.begin (), in.begin () + (long)size);
      begin = taken;
      drop (size);
      EXPECT_TRUE (quilt_dbus_message_read (bytes.data (), bytes.size (), &message.head));
      g_autofree char *text = g_variant_print (message.head.body, FALSE);
      message.text = text;
      message.error = message.head.error_name ? message.head.error_name : "";
      g_clear_pointer (&message.head.body, g_variant_unref);
      message.fds.assign (in_fds.begin (), in_fds.begin () + message.head.n_fds);
      in_fds.erase (in_fds.begin (), in_fds.begin () + message.head.n_fds);
      if (message.head.type != QUILT_DBUS_CALL)
        return message;
    }
  }

  gsize begin = 0; /* where the last message began */

private:
  bool skipped_lines = false;
  Bytes bytes;

  void drop (gsize n)
  {
    in.erase (in.begin (), in.begin () + (long)n);
    taken += n;
  }
};

} // namespace

TEST_F (Serve, ACallThatArrivesByteByByteIsHandedOverOnce)
{
  for (guint8 byte : make (call_of (), "('abc', [1, 2])", 7)) {
    EXPECT_EQ (handled, 0);
    say ({byte});
    settle ();
  }
  ASSERT_EQ (received.size (), 1u);
  QuiltCall *call = received[0];
  g_autofree char *text = g_variant_print (quilt_call_get_args (call), FALSE);
  EXPECT_STREQ (text, "('abc', [1, 2])");
  EXPECT_STREQ (quilt_call_get_sender (call), ":1.42");
  EXPECT_STREQ (quilt_call_get_path (call), "/org/quilt");
  EXPECT_STREQ (quilt_call_get_interface (call), "org.quilt.Test");
  EXPECT_STREQ (quilt_call_get_method (call), "Try");
  EXPECT_STREQ (quilt_call_get_signature (call), "sai");
  EXPECT_FALSE (quilt_call_is_interactive (call));
  received.clear ();
  quilt_call_return (call, g_variant_new ("(u)", 5));
  const Message answer = next ();
  EXPECT_EQ (answer.head.type, QUILT_DBUS_RETURN);
  EXPECT_EQ (answer.head.reply_serial, 7u);
  EXPECT_STREQ (answer.head.destination, ":1.42");
  EXPECT_EQ (answer.text, "(5,)");
}

TEST_F (Serve, AnErrorMayHaveDetails)
{
  GVariantDict details;

  handle = [] (QuiltCall *call) { quilt_call_fail (call, "a.b", "No", nullptr); };
  say (make (call_of (), "()", 7));
  Message answer = next ();
  EXPECT_EQ (answer.error, "a.b");
  EXPECT_EQ (answer.text, "('No',)");
  g_variant_dict_init (&details, nullptr);
  g_variant_dict_insert (&details, "option", "s", "init");
  handle = [&] (QuiltCall *call) {
    quilt_call_fail (call, "a.b", "No", g_variant_dict_end (&details));
  };
  say (make (call_of (), "()", 8));
  answer = next ();
  EXPECT_EQ (answer.text, "('No', {'option': <'init'>})");
}

TEST_F (Serve, SendsNoReplyIfNoneIsExpected)
{
  QuiltDbusMessage silent = call_of ();

  silent.flags = QUILT_DBUS_NO_REPLY_EXPECTED;
  handle = [] (QuiltCall *call) { quilt_call_return (call, nullptr); };
  say (make (silent, "()", 7));
  silent.flags |= QUILT_DBUS_ALLOW_INTERACTIVE_AUTHORIZATION;
  say (make (silent, "()", 8));
  say (make (call_of (), "()", 9));
  EXPECT_EQ (next ().head.reply_serial, 9u);
  EXPECT_EQ (handled, 3);
}

/* Fault 8: calls must not keep the main loop from everything else. */
TEST_F (Serve, AFewCallsAreHandedOverBeforeTheMainLoopLooksAfterOtherThings)
{
  Bytes all;
  bool told = false;
  int before = 0;
  const QuiltDbusMatch match = {"org.freedesktop.DBus", "org.freedesktop.DBus", "Told"};

  quilt_dbus_subscribe (
      self, &match, [] (const char *, GVariant *, gpointer data) { *(bool *)data = true; }, &told);
  handle = [&] (QuiltCall *call) {
    before += told ? 0 : 1;
    quilt_call_return (call, nullptr);
  };
  for (guint32 i = 0; i < 100; i++) {
    const Bytes call = make (call_of (), "()", 2 + i);

    all.insert (all.end (), call.begin (), call.end ());
  }
  const Bytes signal = make (signal_of ("Told", "org.freedesktop.DBus"), "()", 200);
  all.insert (all.end (), signal.begin (), signal.end ());
  say (all);
  while (handled == 0)
    g_main_context_iteration (nullptr, FALSE);
  EXPECT_EQ (handled, 8);
  EXPECT_EQ (before, 0) << "signals of the bus do not wait";
  for (guint32 i = 0; i < 100; i++)
    EXPECT_EQ (next ().head.reply_serial, 2 + i);
  quilt_dbus_unsubscribe (self, &told);
}

/* Another caller does not wait for the many calls of one caller. */
TEST_F (Serve, CallersTakeTurns)
{
  Bytes all;

  handle = [] (QuiltCall *call) { quilt_call_return (call, nullptr); };
  for (guint32 i = 0; i < 40; i++) {
    const Bytes call = make (call_of (), "()", 2 + i);

    all.insert (all.end (), call.begin (), call.end ());
  }
  const Bytes other = make (call_of ("Try", ":1.43"), "()", 100);
  all.insert (all.end (), other.begin (), other.end ());
  say (all);
  guint place = 0;
  while (next ().head.reply_serial != 100)
    place++;
  EXPECT_LT (place, 3u);
}

TEST_F (Serve, ACallThatIsTooLargeIsRefusedByItsHead)
{
  const guint before = count_fds ();
  g_autofd int null_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  g_autofree char *large = g_strnfill (QUILT_CALL_MAX, 'x');
  g_autofree char *text = g_strdup_printf ("('%s',)", large);
  QuiltDbusMessage head = call_of ();
  head.n_fds = 2;
  const Bytes call = make (head, text, 7);

  handle = [] (QuiltCall *fine) { quilt_call_return (fine, nullptr); };
  std::thread sender ([&] {
    say (call, {null_fd, null_fd});
    say (make (call_of (), "()", 8));
  });
  const Message refusal = next ();
  EXPECT_EQ (refusal.head.reply_serial, 7u);
  EXPECT_EQ (refusal.error, "org.quilt.Error.InvalidArgument");
  EXPECT_NE (refusal.text.find ("at most 1048576 bytes and 65536 values"), string::npos);
  EXPECT_EQ (next ().head.reply_serial, 8u);
  sender.join ();
  EXPECT_EQ (handled, 1);
  EXPECT_EQ (count_fds (), before + 1);
}

TEST_F (Serve, ACallWithTooManyValuesIsRefused)
{
  string text = "([";

  for (int i = 0; i < QUILT_CALL_VALUES_MAX; i++)
    text += "'', ";
  const Bytes call = make (call_of (), (text + "''],)").c_str (), 7);
  std::thread sender ([&] { say (call); });
  EXPECT_EQ (next ().error, "org.quilt.Error.InvalidArgument");
  sender.join ();
  EXPECT_EQ (handled, 0);
}

TEST_F (Serve, ALargeSignalIsDropped)
{
  g_autofree char *large = g_strnfill (64 * 1024, 'x');
  g_autofree char *text = g_strdup_printf ("('%s',)", large);
  const Bytes signal = make (signal_of ("Told", ":1.42"), text, 7);

  handle = [] (QuiltCall *call) { quilt_call_return (call, nullptr); };
  std::thread sender ([&] {
    say (signal);
    say (make (call_of (), "()", 8));
  });
  EXPECT_EQ (next ().head.reply_serial, 8u);
  sender.join ();
}

TEST_F (Serve, DescriptorsBelongToTheCall)
{
  const guint before = count_fds ();
  g_autofd int null_fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  QuiltDbusMessage head = call_of ();
  guint n = 0;

  head.n_fds = 2;
  say (make (head, "(handle 1,)", 7), {null_fd, null_fd});
  wait ([this] { return handled == 1; });
  EXPECT_NE (quilt_call_get_fds (received[0], &n), nullptr);
  EXPECT_EQ (n, 2u);
  EXPECT_NE (quilt_call_get_args (received[0]), nullptr);
  EXPECT_EQ (count_fds (), before + 3);
  quilt_call_return (received[0], nullptr);
  received.clear ();
  EXPECT_EQ (count_fds (), before + 1);
}

/* If too many files are open, the kernel drops descriptors. quiltd must not leave the bus then. */
TEST_F (Serve, MissingDescriptorsAreTheCallersProblem)
{
  QuiltDbusMessage head = call_of ();

  head.n_fds = 2;
  say (make (head, "(handle 1,)", 7));
  wait ([this] { return handled == 1; });
  guint n = 1;
  EXPECT_EQ (quilt_call_get_fds (received[0], &n), nullptr);
  EXPECT_EQ (n, 0u);
  EXPECT_NE (quilt_call_get_args (received[0]), nullptr);
  QuiltDbusMessage signal = signal_of ("Told", ":1.42");
  signal.n_fds = 1;
  say (make (signal, "()", 8));
  settle ();
  EXPECT_FALSE (closed);
}

/* dbus-broker takes descriptors for those of the message that the last byte of the read is of. */
TEST_F (Serve, DescriptorsOfAnswersStayWithTheirMessage)
{
  const guint before = count_fds ();
  std::vector<gsize> starts;

  handle = [] (QuiltCall *call) {
    g_autofree char *large = g_strnfill (60000, 'x');
    const bool passes = g_str_equal (quilt_call_get_method (call), "Pass");

    if (passes)
      quilt_call_return_fd (call, g_variant_new ("(h)", 0),
                            open ("/dev/null", O_RDONLY | O_CLOEXEC));
    else
      quilt_call_return (
          call, g_variant_new (
                    "(s)", g_str_equal (quilt_call_get_method (call), "Large") ? large : "small"));
  };
  const char *const methods[] = {"Large", "Try", "Try", "Pass", "Try", "Pass", "Pass", "Try"};
  guint32 serial = 2;
  for (const char *method : methods)
    say (make (call_of (method), "()", serial++));
  serial = 2;
  guint n_fds = 0;
  for (const char *method : methods) {
    Message answer = next ();

    EXPECT_EQ (answer.head.reply_serial, serial++);
    EXPECT_EQ (answer.fds.size (), g_str_equal (method, "Pass") ? 1u : 0u);
    if (answer.fds.size () == 1) {
      ASSERT_LT (n_fds, ends.size ());
      EXPECT_GE (ends[n_fds], begin);
      EXPECT_LT (ends[n_fds], taken) << "beyond its message";
      n_fds++;
    }
    for (int fd : answer.fds)
      close (fd);
  }
  settle ();
  EXPECT_EQ (count_fds (), before);
}

/* Nobody's answer waits behind many others, and a bus that does not read costs no memory. */
TEST_F (Serve, NoCallBeginsWhileTheBusDoesNotRead)
{
  g_autofree char *large = g_strnfill (10000, 'x');
  Bytes all;

  handle = [&] (QuiltCall *call) { quilt_call_return (call, g_variant_new ("(s)", large)); };
  for (guint32 i = 0; i < 200; i++) {
    const Bytes call = make (call_of (), "()", 2 + i);

    all.insert (all.end (), call.begin (), call.end ());
  }
  say (all);
  settle ();
  EXPECT_GT (handled, 0);
  EXPECT_LT (handled, 40);
  for (guint32 i = 0; i < 200; i++)
    EXPECT_EQ (next ().head.reply_serial, 2 + i);
}

/* Answers and signals are written in the order in which they were sent. */
TEST_F (Serve, SignalsAndAnswersStayInOrder)
{
  handle = [this] (QuiltCall *call) {
    QuiltDbusMessage signal = signal_of ("Told", nullptr);

    quilt_dbus_send (self, &signal, nullptr);
    quilt_call_return (call, nullptr);
    quilt_dbus_send (self, &signal, nullptr);
  };
  say (make (call_of (), "()", 7));
  EXPECT_EQ (next ().head.type, QUILT_DBUS_SIGNAL);
  EXPECT_EQ (next ().head.reply_serial, 7u);
  EXPECT_EQ (next ().head.type, QUILT_DBUS_SIGNAL);
}

/* A call counts while it waits for others, and until its last reference is dropped. */
TEST_F (Serve, CallsCountUntilTheyAreOver)
{
  gint64 since;

  EXPECT_TRUE (quilt_activity_is_none (calls, &since));
  say (make (signal_of ("Told", ":1.42"), "()", 2));
  settle ();
  EXPECT_TRUE (quilt_activity_is_none (calls, &since));
  say (make (call_of (), "()", 3));
  wait ([this] { return handled == 1; });
  EXPECT_FALSE (quilt_activity_is_none (calls, &since));
  QuiltCall *kept = quilt_call_ref (received[0]);
  quilt_call_return (received[0], nullptr);
  received.clear ();
  EXPECT_FALSE (quilt_activity_is_none (calls, &since));
  quilt_call_unref (kept);
  EXPECT_TRUE (quilt_activity_is_none (calls, &since));
}

/* There is a limit for the waiting calls of each caller. Beyond it, calls are refused, and then
 * lost. */
TEST_F (Serve, TooManyCallsAreRefused)
{
  g_autofree char *large = g_strnfill (100 * 1024, 'x');
  g_autofree char *text = g_strdup_printf ("('%s',)", large);
  QuiltActivity *mine = calls;
  guint refused = 0, n = 20;
  gint64 since;

  handle = [] (QuiltCall *call) { quilt_call_return (call, nullptr); };
  std::thread sender ([&] {
    for (guint32 i = 0; i < n; i++)
      say (make (call_of (), text, 2 + i));
  });
  /* Let them wait: the bus does not read. */
  g_autofree char *backlog = g_strnfill (400000, 'x');
  QuiltDbusMessage signal = signal_of ("Told", nullptr);
  g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new ("(s)", backlog));
  signal.body = body;
  quilt_dbus_send (self, &signal, nullptr);
  std::atomic<bool> sent = false;
  std::thread watcher ([&] {
    sender.join ();
    sent = true;
    g_main_context_wakeup (nullptr);
  });
  wait ([&] { return sent.load (); });
  watcher.join ();
  settle ();
  EXPECT_EQ (handled, 0);
  next ();
  for (guint i = 0; i < n; i++)
    refused += next ().error == "org.quilt.Error.QuotaExceeded" ? 1 : 0;
  EXPECT_GT (refused, 5u);
  EXPECT_EQ ((guint)handled + refused, n);
  EXPECT_TRUE (quilt_activity_is_none (mine, &since));
}

TEST_F (Serve, ACallerThatLeavesIsToldOnce)
{
  int told = 0, other = 0;
  const auto count = [] (gpointer data) { ++*static_cast<int *> (data); };

  say (make (call_of (), "()", 2));
  wait ([this] { return handled == 1; });
  quilt_call_watch_caller (received[0], count, &told);
  quilt_call_watch_caller (received[0], count, &other);
  quilt_call_unwatch_caller (received[0], &other);
  say (make (signal_of ("NameOwnerChanged", ":1.42"), "(':1.42', ':1.42', '')", 3)); /* a lie */
  say (make (signal_of ("NameOwnerChanged", "org.freedesktop.DBus"), "(':1.41', ':1.41', '')", 4));
  settle ();
  EXPECT_EQ (told, 0);
  for (int i = 0; i < 2; i++)
    say (
        make (signal_of ("NameOwnerChanged", "org.freedesktop.DBus"), "(':1.42', ':1.42', '')", 5));
  settle ();
  EXPECT_EQ (told, 1);
  EXPECT_EQ (other, 0);
}

TEST_F (Serve, WhatWasSentIsWrittenBeforeTheEnd)
{
  g_autofree char *large = g_strnfill (150000, 'x');
  g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new ("(s)", large));
  QuiltDbusMessage signal = signal_of ("Told", nullptr);
  gsize n = 0;

  signal.body = body;
  for (int i = 0; i < 4; i++)
    quilt_dbus_send (self, &signal, nullptr);
  std::thread reader ([&] {
    guint8 data[4096];

    for (gssize got; (got = read (bus, data, sizeof data)) > 0;)
      n += (gsize)got;
  });
  quilt_dbus_drain (self, -1);
  g_clear_pointer (&self, quilt_dbus_close);
  reader.join ();
  EXPECT_GT (n, 600000u);
}

TEST_F (Serve, ABusThatDoesNotReadIsLeftAfterATime)
{
  g_autofree char *large = g_strnfill (1000000, 'x');
  g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new ("(s)", large));
  QuiltDbusMessage signal = signal_of ("Told", nullptr);

  signal.body = body;
  quilt_dbus_send (self, &signal, nullptr);
  quilt_dbus_drain (self, 10);
}

TEST_F (Serve, AnInvalidCallEndsTheConnection)
{
  Bytes call = make (call_of (), "()", 7);

  call[QUILT_DBUS_START] = 0; /* not a field */
  say (call);
  wait ([this] { return closed; });
  EXPECT_EQ (handled, 0);
}

/* Calls may be answered when nobody serves any more. */
TEST_F (Serve, AnAnswerAfterTheEndIsNoProblem)
{
  say (make (call_of (), "()", 7));
  wait ([this] { return handled == 1; });
  g_clear_pointer (&service, quilt_dbus_service_free);
  say (make (call_of (), "()", 8));
  settle ();
  EXPECT_EQ (handled, 1);
  g_clear_pointer (&self, quilt_dbus_close);
  quilt_call_return (received[0], nullptr);
  received.clear ();
}
