/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Authorization, on a bus where the test itself is the caller, quiltd and polkit. */
#include "base/check.h"

extern "C" {
#include "daemon/bus/admission.h"
#include "daemon/bus/authority.h"
#include "dbus/open.h"
#include "dbus/server/service.h"
}

#include <functional>
#include <gio/gio.h>

using std::string;

namespace
{

guint32 caller_uid;

const char INTROSPECTION[] =
    "<node><interface name='org.freedesktop.PolicyKit1.Authority'>"
    "<method name='CheckAuthorization'><arg type='(sa{sv})' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='a{ss}' direction='in'/>"
    "<arg type='u' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='(bba{ss})' direction='out'/></method>"
    "<method name='CancelCheckAuthorization'><arg type='s' direction='in'/></method>"
    "</interface></node>";

} // namespace

/* The door knows the caller. */
guint32
quilt_admission_get_uid (const QuiltCall *)
{
  return caller_uid;
}

namespace
{

class Authority : public testing::Test
{
protected:
  GTestDBus *bus = nullptr;
  QuiltDbus *quiltd = nullptr;
  QuiltDbusService *service = nullptr;
  QuiltActivity *calls = quilt_activity_new ();
  GDBusConnection *polkit = nullptr, *caller = nullptr;
  QuiltAuthority *authority = nullptr;
  GPtrArray *details = nullptr;
  bool consult = false;

  int authorized = 0;
  std::vector<bool> consulted;
  string answer;              /* to the caller: "done", or an error */
  std::vector<string> checks; /* that polkit was asked for */
  string subject;
  guint32 flags = 0;
  int cancelled = 0;
  std::vector<string> says; /* polkit's answer to each check; none: it thinks */
  std::vector<GDBusMethodInvocation *> thinking;

  void SetUp () override
  {
    g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (INTROSPECTION, nullptr);
    static const GDBusInterfaceVTable of_polkit = {on_check, nullptr, nullptr, {nullptr}};

    caller_uid = 1000;
    bus = g_test_dbus_new (G_TEST_DBUS_NONE);
    g_test_dbus_up (bus);
    for (GDBusConnection **connection : {&polkit, &caller})
      *connection = connect ();
    quiltd = quilt_dbus_open (g_test_dbus_get_bus_address (bus), nullptr);
    ASSERT_NE (quiltd, nullptr);
    service = quilt_dbus_service_new (quiltd, calls, on_ask, this);
    ASSERT_NE (g_dbus_connection_register_object (polkit, "/org/freedesktop/PolicyKit1/Authority",
                                                  node->interfaces[0], &of_polkit, this, nullptr,
                                                  nullptr),
               0u);
    const QuiltDbusCall request = {QUILT_DBUS_BUS, QUILT_DBUS_BUS_PATH, QUILT_DBUS_BUS,
                                   "RequestName", g_variant_new ("(su)", "org.quilt", 0)};
    g_auto (QuiltDbusReply) owned = {};
    quilt_dbus_call_sync (quiltd, &request, -1, &owned);
    ASSERT_NE (owned.body, nullptr);
    own ("RequestName", g_variant_new ("(su)", "org.freedesktop.PolicyKit1", 0));
    authority = quilt_authority_new (quiltd);
    details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  }

  void TearDown () override
  {
    for (GDBusMethodInvocation *invocation : thinking)
      g_object_unref (invocation);
    if (authority)
      quilt_authority_free (authority);
    g_ptr_array_unref (details);
    quilt_dbus_service_free (service);
    quilt_dbus_close (quiltd);
    gint64 since;
    EXPECT_TRUE (quilt_activity_is_none (calls, &since));
    quilt_activity_unref (calls);
    for (GDBusConnection *connection : {polkit, caller}) {
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

  void own (const char *method, GVariant *arguments)
  {
    g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
        polkit, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
        arguments, nullptr, G_DBUS_CALL_FLAGS_NONE, -1, nullptr, nullptr);

    ASSERT_NE (reply, nullptr);
  }

  static void say (GDBusMethodInvocation *invocation, const string &word)
  {
    g_dbus_method_invocation_return_value (
        invocation, g_variant_new ("((bba{ss}))", word == "yes", word == "challenge", nullptr));
  }

  static void on_check (GDBusConnection *,
                        const gchar *,
                        const gchar *,
                        const gchar *,
                        const gchar *method,
                        GVariant *arguments,
                        GDBusMethodInvocation *invocation,
                        gpointer data)
  {
    auto *self = static_cast<Authority *> (data);
    g_autoptr (GVariant) of_check = nullptr;
    g_autoptr (GVariant) of_subject = nullptr;
    const char *kind, *action, *id;

    if (string (method) == "CancelCheckAuthorization") {
      self->cancelled++;
      g_dbus_method_invocation_return_value (invocation, nullptr);
      return;
    }
    g_variant_get (arguments, "((&s@a{sv})&s@a{ss}u&s)", &kind, &of_subject, &action, &of_check,
                   &self->flags, &id);
    EXPECT_STREQ (kind, "system-bus-name");
    EXPECT_STRNE (id, "");
    g_variant_lookup (of_subject, "name", "&s", &kind);
    self->subject = kind;
    self->checks.push_back (string (action) + " " + take (g_variant_print (of_check, FALSE)));
    if (self->checks.size () > self->says.size ())
      self->thinking.push_back (invocation);
    else
      say (invocation, self->says[self->checks.size () - 1]);
  }

  static void on_ask (QuiltCall *invocation, gpointer data)
  {
    auto *self = static_cast<Authority *> (data);

    if (self->consult)
      quilt_authority_consult (self->authority, invocation, "org.quilt.inspect", self->details,
                               on_consulted, self);
    else
      quilt_authority_require (self->authority, invocation, "org.quilt.manage-containers",
                               self->details, on_authorized, self);
  }

  static void on_authorized (QuiltCall *invocation, gpointer data)
  {
    static_cast<Authority *> (data)->authorized++;
    quilt_call_return (invocation, nullptr);
  }

  static void on_consulted (QuiltCall *invocation, gboolean allowed, gpointer data)
  {
    static_cast<Authority *> (data)->consulted.push_back (allowed);
    quilt_call_return (invocation, nullptr);
  }

  static void on_reply (GObject *source, GAsyncResult *result, gpointer data)
  {
    auto *self = static_cast<Authority *> (data);
    g_autoptr (GError) error = nullptr;
    g_autoptr (GDBusMessage) reply = g_dbus_connection_send_message_with_reply_finish (
        G_DBUS_CONNECTION (source), result, &error);

    if (reply && g_dbus_message_to_gerror (reply, &error))
      self->answer = take (g_dbus_error_get_remote_error (error)) + ": " + error->message;
    else
      self->answer = reply ? "done" : "none";
  }

  void call (GDBusMessageFlags call_flags = G_DBUS_MESSAGE_FLAGS_NONE)
  {
    g_autoptr (GDBusMessage) message =
        g_dbus_message_new_method_call ("org.quilt", "/", "org.quilt.Test", "Ask");

    g_dbus_message_set_flags (message, call_flags);
    g_dbus_connection_send_message_with_reply (caller, message, G_DBUS_SEND_MESSAGE_FLAGS_NONE, -1,
                                               nullptr, nullptr, on_reply, this);
  }

  static void wait (const std::function<bool ()> &done)
  {
    while (!done ())
      g_main_context_iteration (nullptr, TRUE);
  }

  /* Calls, and waits for the answer. */
  const string &ask (GDBusMessageFlags call_flags = G_DBUS_MESSAGE_FLAGS_NONE)
  {
    answer.clear ();
    call (call_flags);
    wait ([this] { return !answer.empty (); });
    return answer;
  }

  void add_details (const char *verb, const char *container, guint32 owner)
  {
    g_ptr_array_add (details, quilt_authority_details_new (verb, container, owner, "debian"));
  }

  /* The caller got this error, which says text, and nothing was done. */
  void expect_denied (const string &text)
  {
    EXPECT_NE (answer.find ("org.quilt.Error.NotAuthorized"), string::npos) << answer;
    EXPECT_NE (answer.find (text), string::npos) << answer;
    EXPECT_EQ (authorized, 0);
    EXPECT_TRUE (consulted.empty ());
  }
};

} // namespace

TEST_F (Authority, RootMayAllAndPolkitIsNotAsked)
{
  caller_uid = 0;
  EXPECT_EQ (ask (), "done");
  EXPECT_EQ (authorized, 1);
  EXPECT_TRUE (checks.empty ());
}

TEST_F (Authority, PolkitDecidesAboutOthers)
{
  says = {"yes"};
  EXPECT_EQ (ask (), "done");
  EXPECT_EQ (authorized, 1);
  EXPECT_EQ (subject, g_dbus_connection_get_unique_name (caller));
  EXPECT_EQ (checks, (std::vector<string>{"org.quilt.manage-containers {}"}));
}

TEST_F (Authority, DetailsSayWhatTheCallIsAbout)
{
  add_details ("stop", "web", 1000);
  add_details ("stop", "db", 1001);
  add_details ("stop", "new", G_MAXUINT32);
  says = {"yes", "yes", "yes"};
  EXPECT_EQ (ask (), "done");
  EXPECT_EQ (authorized, 1);
  EXPECT_EQ (checks, (std::vector<string>{
                         "org.quilt.manage-containers {'verb': 'stop', 'container': 'web', "
                         "'owner': '1000', 'own': 'yes', 'image': 'debian'}",
                         "org.quilt.manage-containers {'verb': 'stop', 'container': 'db', "
                         "'owner': '1001', 'own': 'no', 'image': 'debian'}",
                         "org.quilt.manage-containers {'verb': 'stop', 'container': 'new', "
                         "'image': 'debian'}"}));
}

/* One name that the caller may not touch is enough, and the next one is not asked for. */
TEST_F (Authority, AllDetailsHaveToBeAllowed)
{
  for (const char *name : {"web", "db", "mail"})
    add_details ("stop", name, 0);
  says = {"yes", "no", "yes"};
  ask ();
  expect_denied ("org.quilt.manage-containers (verb 'stop', container 'db', owner '0', image "
                 "'debian'): polkit denied it");
  EXPECT_EQ (checks.size (), 2u);
}

TEST_F (Authority, APasswordIsAskedForOnlyIfTheCallAllowsThat)
{
  says = {"challenge", "yes"};
  ask ();
  expect_denied ("polkit has to ask for a password");
  EXPECT_EQ (flags, 0u);
  EXPECT_EQ (ask (G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION), "done");
  EXPECT_EQ (flags, 1u);
}

/* polkit answers so if no authentication agent is registered for the caller's session. */
TEST_F (Authority, APasswordThatCannotBeAskedForIsExplained)
{
  says = {"challenge", "challenge"};
  ask ();
  expect_denied ("but this call does not allow that");
  ask (G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION);
  expect_denied ("but your session has no agent that can ask");
}

TEST_F (Authority, WithoutPolkitOnlyRootMay)
{
  own ("ReleaseName", g_variant_new ("(s)", "org.freedesktop.PolicyKit1"));
  ask ();
  expect_denied ("polkit did not answer, so only root may");
  caller_uid = 0;
  EXPECT_EQ (ask (), "done");
}

TEST_F (Authority, ConsultsWithoutRefusing)
{
  consult = true;
  says = {"no", "challenge", "yes"};
  for (int i = 0; i < 3; i++)
    EXPECT_EQ (ask (G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION), "done");
  EXPECT_EQ (consulted, (std::vector<bool>{false, false, true}));
  EXPECT_EQ (flags, 0u); /* no user types a password to see a little more */
  own ("ReleaseName", g_variant_new ("(s)", "org.freedesktop.PolicyKit1"));
  EXPECT_EQ (ask (), "done");
  EXPECT_FALSE (consulted.back ());
}

/* Another process may get what was asked for by a caller that is gone: that must not be done. */
TEST_F (Authority, ACallerThatGoesAwayIsDenied)
{
  call ();
  wait ([this] { return !thinking.empty (); });
  g_dbus_connection_close_sync (caller, nullptr, nullptr);
  wait ([this] { return cancelled > 0; });
  say (thinking[0], "yes");
  thinking.clear ();
  g_dbus_connection_flush_sync (polkit, nullptr, nullptr);
  own ("GetId", nullptr);
  while (g_main_context_iteration (nullptr, FALSE))
    ;
  EXPECT_EQ (authorized, 0);
}

/* quiltd ends: a later answer of polkit is ignored, and polkit is told to stop asking. */
TEST_F (Authority, OpenQuestionsAreCancelledAtTheEnd)
{
  call ();
  wait ([this] { return !thinking.empty (); });
  g_clear_pointer (&authority, quilt_authority_free);
  wait ([this] { return cancelled > 0; });
  EXPECT_EQ (authorized, 0);
}
