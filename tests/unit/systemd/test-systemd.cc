/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scopes and jobs, against a bus on which the test itself plays systemd. */
#include "base/check.h"

extern "C" {
#include "dbus/open.h"
#include "systemd/systemd.h"
}

#include <functional>
#include <string>
#include <vector>

namespace
{

const char INTROSPECTION[] =
    "<node><interface name='org.freedesktop.systemd1.Manager'>"
    "<method name='StartTransientUnit'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='a(sv)' direction='in'/><arg type='a(sa(sv))' direction='in'/>"
    "<arg type='o' direction='out'/></method>"
    "<method name='StopUnit'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='o' direction='out'/></method>"
    "<method name='KillUnit'><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='i' direction='in'/></method>"
    "<method name='SetUnitProperties'><arg type='s' direction='in'/><arg type='b' direction='in'/>"
    "<arg type='a(sv)' direction='in'/></method>"
    "<method name='ListUnitsByPatterns'><arg type='as' direction='in'/>"
    "<arg type='as' direction='in'/><arg type='a(ssssssouso)' direction='out'/></method>"
    "</interface>"
    "<interface name='org.freedesktop.systemd1.Unit'>"
    "<property name='ActiveState' type='s' access='read'/>"
    "<property name='ActiveEnterTimestampMonotonic' type='t' access='read'/>"
    "<property name='Job' type='(uo)' access='read'/></interface></node>";

const char PATH[] = "/org/freedesktop/systemd1";
const char MANAGER[] = "org.freedesktop.systemd1.Manager";
const char UNIT[] = "/org/freedesktop/systemd1/unit/quilt_2dweb_2escope";
const char JOB[] = "/org/freedesktop/systemd1/job/1";

class Systemd : public testing::Test
{
protected:
  void SetUp () override
  {
    g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (INTROSPECTION, nullptr);
    static const GDBusInterfaceVTable vtable = {on_call, nullptr, nullptr, {nullptr}};
    static const GDBusInterfaceVTable unit = {nullptr, on_get, nullptr, {nullptr}};

    bus = g_test_dbus_new (G_TEST_DBUS_NONE);
    g_test_dbus_up (bus);
    theirs = connect ();
    stranger = connect ();
    ASSERT_NE (g_dbus_connection_register_object (theirs, PATH, node->interfaces[0], &vtable, this,
                                                  nullptr, nullptr),
               0u);
    ASSERT_NE (g_dbus_connection_register_object (theirs, UNIT, node->interfaces[1], &unit, this,
                                                  nullptr, nullptr),
               0u);
    own_name ("RequestName", g_variant_new ("(su)", "org.freedesktop.systemd1", 0));
    dbus = quilt_dbus_open (g_test_dbus_get_bus_address (bus), error.out ());
    ASSERT_NE (dbus, nullptr) << error.message ();
    ask_bus ("RequestName", g_variant_new ("(su)", "org.quilt", 0));
    systemd = quilt_systemd_new (dbus);
    settle ();
  }

  void own_name (const char *method, GVariant *arguments)
  {
    g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
        theirs, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
        arguments, nullptr, G_DBUS_CALL_FLAGS_NONE, -1, nullptr, nullptr);

    ASSERT_NE (reply, nullptr);
  }

  /* Plays `systemctl daemon-reexec`: the bus sees the name go and come. */
  void reexecute ()
  {
    own_name ("ReleaseName", g_variant_new ("(s)", "org.freedesktop.systemd1"));
    own_name ("RequestName", g_variant_new ("(su)", "org.freedesktop.systemd1", 0));
  }

  /* Over our connection. */
  void ask_bus (const char *method, GVariant *arguments)
  {
    const QuiltDbusCall call = {QUILT_DBUS_BUS, QUILT_DBUS_BUS_PATH, QUILT_DBUS_BUS, method,
                                arguments};
    g_auto (QuiltDbusReply) reply = {};

    quilt_dbus_call_sync (dbus, &call, -1, &reply);
    ASSERT_NE (reply.body, nullptr);
  }

  /* The client asks the bus who owns systemd's name, and drops what comes before the answer. The
   * bus answers in order, so that has come when this has. */
  void settle ()
  {
    ask_bus ("GetId", nullptr);
    while (g_main_context_iteration (nullptr, FALSE))
      ;
  }

  void TearDown () override
  {
    if (systemd)
      quilt_systemd_free (systemd);
    g_clear_pointer (&dbus, quilt_dbus_close);
    for (GDBusConnection *connection : {theirs, stranger}) {
      g_dbus_connection_close_sync (connection, nullptr, nullptr);
      g_object_unref (connection);
    }
    g_test_dbus_stop (bus);
    g_object_unref (bus);
  }

  GDBusConnection *connect ()
  {
    return g_dbus_connection_new_for_address_sync (
        g_test_dbus_get_bus_address (bus),
        (GDBusConnectionFlags)(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                               G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
        nullptr, nullptr, nullptr);
  }

  static void on_call (GDBusConnection *,
                       const gchar *,
                       const gchar *,
                       const gchar *,
                       const gchar *method,
                       GVariant *arguments,
                       GDBusMethodInvocation *invocation,
                       gpointer data)
  {
    auto *self = static_cast<Systemd *> (data);
    g_autofree char *text = g_variant_print (arguments, FALSE);

    self->calls.push_back (std::string (method) + " " + text);
    self->play (method, invocation);
  }

  static GVariant *on_get (GDBusConnection *,
                           const gchar *,
                           const gchar *,
                           const gchar *,
                           const gchar *name,
                           GError **,
                           gpointer data)
  {
    auto *self = static_cast<Systemd *> (data);

    if (g_str_equal (name, "ActiveState")) {
      self->looks++;
      return g_variant_new_string (self->state.c_str ());
    }
    if (g_str_equal (name, "Job"))
      return g_variant_new ("(uo)", self->job ? 1 : 0, self->job ? JOB : "/");
    return g_variant_new_uint64 (self->since);
  }

  void job_removed (const char *job, const char *unit, const char *result)
  {
    g_dbus_connection_emit_signal (theirs, nullptr, PATH, MANAGER, "JobRemoved",
                                   g_variant_new ("(uoss)", 1, job, unit, result), nullptr);
  }

  static void accept (GDBusMethodInvocation *invocation)
  {
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", JOB));
  }

  static void refuse (GDBusMethodInvocation *invocation, const char *name)
  {
    std::string whole = std::string ("org.freedesktop.systemd1.") + name;

    g_dbus_method_invocation_return_dbus_error (invocation, whole.c_str (), "So it is.");
  }

  /* The bus's answer for a systemd that went. */
  static void lose (GDBusMethodInvocation *invocation)
  {
    g_dbus_method_invocation_return_dbus_error (invocation, "org.freedesktop.DBus.Error.NoReply",
                                                "It disconnected.");
  }

  static void on_started (GObject *, GAsyncResult *result, gpointer data)
  {
    auto *self = static_cast<Systemd *> (data);

    self->success = quilt_systemd_start_scope_finish (self->systemd, result, self->error.out ());
    self->finished++;
  }

  static void on_set (GObject *, GAsyncResult *result, gpointer data)
  {
    auto *self = static_cast<Systemd *> (data);

    self->success = quilt_systemd_set_properties_finish (self->systemd, result, self->error.out ());
    self->finished++;
  }

  void start (GCancellable *cancellable = nullptr)
  {
    GVariant *properties = g_variant_new_parsed ("[('Delegate', <true>)]");

    quilt_systemd_start_scope_async (systemd, "quilt-web.scope", properties, cancellable,
                                     on_started, this);
  }

  void run_until (const std::function<bool ()> &condition)
  {
    while (!condition ())
      g_main_context_iteration (nullptr, TRUE);
  }

  void run_until_finished ()
  {
    run_until ([this] { return finished > 0; });
  }

  GTestDBus *bus = nullptr;
  GDBusConnection *theirs = nullptr, *stranger = nullptr;
  QuiltDbus *dbus = nullptr;
  QuiltSystemd *systemd = nullptr;
  std::string state = "inactive"; /* of the unit */
  guint64 since = 0;              /* it has been active */
  bool job = false;               /* it has one */
  int looks = 0;
  std::vector<std::string> calls;
  std::function<void (const char *, GDBusMethodInvocation *)> play;
  int finished = 0;
  gboolean success = FALSE;
  Error error;
};

TEST_F (Systemd, AStartIsDoneWhenItsJobIs)
{
  play = [] (const char *, GDBusMethodInvocation *invocation) { accept (invocation); };
  start ();
  run_until ([this] { return !calls.empty (); });
  job_removed ("/org/freedesktop/systemd1/job/2", "quilt-web.scope", "failed"); /* another one's */
  for (int i = 0; i < 20; i++)
    g_main_context_iteration (nullptr, FALSE);
  EXPECT_EQ (finished, 0);
  job_removed (JOB, "quilt-web.scope", "done");
  run_until_finished ();
  EXPECT_TRUE (success) << error.message ();
  EXPECT_EQ (calls[0],
             "StartTransientUnit ('quilt-web.scope', 'fail', [('Delegate', <true>)], [])");
}

TEST_F (Systemd, TheSignalMayComeBeforeTheReply)
{
  play = [this] (const char *, GDBusMethodInvocation *invocation) {
    job_removed (JOB, "quilt-web.scope", "done");
    g_dbus_connection_flush_sync (theirs, nullptr, nullptr);
    accept (invocation);
  };
  start ();
  run_until_finished ();
  EXPECT_TRUE (success) << error.message ();
}

TEST_F (Systemd, AFailedJobIsAnErrorInWords)
{
  play = [this] (const char *, GDBusMethodInvocation *invocation) {
    accept (invocation);
    job_removed (JOB, "quilt-web.scope", "failed");
  };
  start ();
  run_until_finished ();
  EXPECT_FALSE (success);
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "Failed to start 'quilt-web.scope': its job ended as "
                                             "'failed'; `journalctl -b UNIT=quilt-web.scope` may "
                                             "show why"));
}

TEST_F (Systemd, ARefusedStartSaysWhatSystemdSaid)
{
  play = [] (const char *, GDBusMethodInvocation *invocation) { refuse (invocation, "BadUnit"); };
  start ();
  run_until_finished ();
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "Failed to start 'quilt-web.scope': So it is."));
}

TEST_F (Systemd, AnOlderScopeIsWaitedForOnce)
{
  play = [this] (const char *, GDBusMethodInvocation *invocation) {
    if (calls.size () == 1)
      return refuse (invocation, "UnitExists");
    accept (invocation);
    job_removed (JOB, "quilt-web.scope", "done");
  };
  start ();
  run_until_finished ();
  EXPECT_TRUE (success) << error.message ();
  EXPECT_EQ (calls.size (), 2u);
}

/* Fault 32. A slice that has lost its last scope is stopped as soon as systemd gets to it. */
TEST_F (Systemd, ASliceThatIsBeingStoppedIsWaitedFor)
{
  play = [this] (const char *, GDBusMethodInvocation *invocation) {
    if (calls.size () < 3)
      return refuse (invocation, "TransactionIsDestructive");
    accept (invocation);
    job_removed (JOB, "quilt-web.scope", "done");
  };
  start ();
  run_until_finished ();
  EXPECT_TRUE (success) << error.message ();
  EXPECT_EQ (calls.size (), 3u);
}

TEST_F (Systemd, AShutdownIsNotWaitedForLong)
{
  play = [] (const char *, GDBusMethodInvocation *invocation) {
    refuse (invocation, "TransactionIsDestructive");
  };
  start ();
  run_until_finished ();
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "Failed to start 'quilt-web.scope': So it is."));
}

TEST_F (Systemd, AnOlderScopeThatStaysIsBusy)
{
  play = [] (const char *, GDBusMethodInvocation *invocation) {
    refuse (invocation, "UnitExists");
  };
  start ();
  run_until_finished ();
  EXPECT_TRUE (error.is (QUILT_ERROR_BUSY, ""));
  EXPECT_EQ (calls.size (), 2u);
}

TEST_F (Systemd, ACancelledStartIsNotFinishedTwice)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  play = [] (const char *, GDBusMethodInvocation *invocation) { accept (invocation); };
  start (cancellable);
  g_cancellable_cancel (cancellable);
  run_until_finished ();
  EXPECT_TRUE (error.is (QUILT_ERROR_CANCELLED, ""));
  run_until ([this] { return !calls.empty (); });
  job_removed (JOB, "quilt-web.scope", "done");
  for (int i = 0; i < 20; i++)
    g_main_context_iteration (nullptr, FALSE);
  EXPECT_EQ (finished, 1);
}

/* systemd is executed anew before it has read the call. */
TEST_F (Systemd, ALostCallIsMadeAgain)
{
  play = [this] (const char *, GDBusMethodInvocation *invocation) {
    if (calls.size () == 1)
      return lose (invocation);
    accept (invocation);
    job_removed (JOB, "quilt-web.scope", "done");
  };
  start ();
  run_until_finished ();
  EXPECT_TRUE (success) << error.message ();
  EXPECT_EQ (calls.size (), 2u);
}

/* systemd is executed anew after it has started the scope, and before it has answered. */
TEST_F (Systemd, ALostAnswerIsLookedFor)
{
  play = [this] (const char *, GDBusMethodInvocation *invocation) {
    state = "active";
    since = (guint64)g_get_monotonic_time ();
    lose (invocation);
  };
  start ();
  run_until_finished ();
  EXPECT_TRUE (success) << error.message ();
  EXPECT_EQ (calls.size (), 1u);
}

TEST_F (Systemd, AnOlderScopeIsNotTakenForTheOneThatWasLost)
{
  play = [this] (const char *, GDBusMethodInvocation *invocation) {
    state = "active";
    since = 1;
    if (calls.size () == 1)
      return lose (invocation);
    refuse (invocation, "BadUnit");
  };
  start ();
  run_until_finished ();
  EXPECT_FALSE (success);
  EXPECT_EQ (calls.size (), 2u);
}

/* systemd is executed anew after it has answered, and JobRemoved is lost. */
TEST_F (Systemd, ALostSignalIsLookedFor)
{
  play = [] (const char *, GDBusMethodInvocation *invocation) { accept (invocation); };
  job = true;
  start ();
  run_until ([this] { return !calls.empty (); });
  for (int i = 0; i < 20; i++)
    g_main_context_iteration (nullptr, FALSE);
  reexecute ();
  run_until ([this] { return looks > 1; });
  EXPECT_EQ (finished, 0);
  job = false;
  state = "active";
  since = (guint64)g_get_monotonic_time ();
  run_until_finished ();
  EXPECT_TRUE (success) << error.message ();
  EXPECT_EQ (calls.size (), 1u);
}

TEST_F (Systemd, AJobThatSurvivesItsSystemdEndsByItsSignal)
{
  play = [] (const char *, GDBusMethodInvocation *invocation) { accept (invocation); };
  job = true;
  start ();
  run_until ([this] { return !calls.empty (); });
  reexecute ();
  run_until ([this] { return looks > 0; });
  job_removed (JOB, "quilt-web.scope", "failed");
  run_until_finished ();
  EXPECT_TRUE (error.is (QUILT_ERROR_FAILED, "Failed to start 'quilt-web.scope': its job ended as "
                                             "'failed'; `journalctl -b UNIT=quilt-web.scope` may "
                                             "show why"));
}

TEST_F (Systemd, PropertiesOfNoUnitAreNotFound)
{
  play = [] (const char *, GDBusMethodInvocation *invocation) {
    refuse (invocation, "NoSuchUnit");
  };
  quilt_systemd_set_properties_async (systemd, "quilt-web.scope",
                                      g_variant_new_parsed ("[('TasksMax', <uint64 5>)]"), on_set,
                                      this);
  run_until_finished ();
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, ""));
}

TEST_F (Systemd, PropertiesAreSetForTheRunTime)
{
  play = [] (const char *, GDBusMethodInvocation *invocation) {
    g_dbus_method_invocation_return_value (invocation, nullptr);
  };
  quilt_systemd_set_properties_async (systemd, "quilt-web.scope",
                                      g_variant_new_parsed ("[('TasksMax', <uint64 5>)]"), on_set,
                                      this);
  run_until_finished ();
  EXPECT_TRUE (success) << error.message ();
  EXPECT_EQ (calls[0], "SetUnitProperties ('quilt-web.scope', true, [('TasksMax', <uint64 5>)])");
}

/* systemd is executed anew before it has read the call: a scope with a container needs its
 * properties, and the container waits for them. */
TEST_F (Systemd, PropertiesOfATurnedScopeAreSetAgain)
{
  play = [this] (const char *, GDBusMethodInvocation *invocation) {
    if (calls.size () == 1)
      return lose (invocation);
    g_dbus_method_invocation_return_value (invocation, nullptr);
  };
  quilt_systemd_turn_scope_async (systemd, "quilt-web.scope",
                                  g_variant_new_parsed ("[('TasksMax', <uint64 5>)]"), on_set,
                                  this);
  run_until_finished ();
  EXPECT_TRUE (success) << error.message ();
  EXPECT_EQ (calls.size (), 2u);
  EXPECT_EQ (calls[0], calls[1]);
}

TEST_F (Systemd, PropertiesOfATurnedScopeThatIsGoneAreNotFound)
{
  play = [] (const char *, GDBusMethodInvocation *invocation) {
    refuse (invocation, "NoSuchUnit");
  };
  quilt_systemd_turn_scope_async (systemd, "quilt-web.scope",
                                  g_variant_new_parsed ("[('TasksMax', <uint64 5>)]"), on_set,
                                  this);
  run_until_finished ();
  EXPECT_TRUE (error.is (QUILT_ERROR_NOT_FOUND, ""));
  EXPECT_EQ (calls.size (), 1u);
}

TEST_F (Systemd, OnlySystemdMayAskForAStop)
{
  std::vector<std::string> units;
  const char *path = "/org/freedesktop/systemd1/unit/quilt_2dweb_2e1_2escope";
  const char *us = "org.quilt";

  quilt_systemd_on_stop_request (
      systemd,
      [] (const char *unit, gpointer data) {
        static_cast<std::vector<std::string> *> (data)->push_back (unit);
      },
      &units);
  g_dbus_connection_emit_signal (stranger, us, "/org/freedesktop/systemd1/unit/quilt_2ddb_2escope",
                                 "org.freedesktop.systemd1.Scope", "RequestStop", nullptr, nullptr);
  g_dbus_connection_flush_sync (stranger, nullptr, nullptr);
  g_dbus_connection_emit_signal (theirs, us, path, "org.freedesktop.systemd1.Scope", "RequestStop",
                                 nullptr, nullptr);
  run_until ([&] { return !units.empty (); });
  EXPECT_EQ (units, std::vector<std::string>{"quilt-web.1.scope"});
}

TEST_F (Systemd, FreeingCancelsRunningStarts)
{
  play = [] (const char *, GDBusMethodInvocation *invocation) { accept (invocation); };
  start ();
  quilt_systemd_free (systemd);
  systemd = nullptr;
  run_until_finished ();
  EXPECT_TRUE (error.is (QUILT_ERROR_CANCELLED, ""));
  run_until ([this] { return !calls.empty (); }); /* the reply comes after its caller was freed */
  for (int i = 0; i < 20; i++)
    g_main_context_iteration (nullptr, FALSE);
}

} // namespace
