/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A method on many names, on a bus where the test is the caller, the objects and the authority. */
#include "base/check.h"

extern "C" {
#include "daemon/bus/error.h"
#include "daemon/bus/rows.h"
#include "dbus/open.h"
#include "dbus/server/service.h"
}

#include <functional>
#include <gio/gio.h>

using std::string;
using std::vector;

namespace
{

/* The authority's question, which the test answers. */
struct Question {
  QuiltCall *invocation = nullptr;
  string action;
  vector<string> details;
  QuiltAuthorizedFunc authorized = nullptr;
  gpointer data = nullptr;
} question;

int held, frees_of_rows, frees_of_data;
bool answered_while_held;

} // namespace

QuiltAuthority *
quilt_hub_get_authority (const QuiltHub *)
{
  return nullptr;
}

void
quilt_hub_hold (QuiltHub *)
{
  held++;
}

void
quilt_hub_release (QuiltHub *)
{
  held--;
}

void
quilt_authority_require (QuiltAuthority *,
                         QuiltCall *invocation,
                         const char *action,
                         GPtrArray *details,
                         QuiltAuthorizedFunc authorized,
                         gpointer data)
{
  question = {invocation, action, {}, authorized, data};
  for (guint i = 0; i < details->len; i++)
    question.details.push_back (g_variant_get_string ((GVariant *)details->pdata[i], nullptr));
}

namespace
{

/* Objects are the names that begin with "o"; "o1-alias" is one more name of "o1". */
struct Arguments {
  vector<QuiltRow *> began;
  std::function<void (QuiltRow *)> on_begin;
};

gpointer
find (const char *name, gpointer, char **ret_key, GError **error)
{
  string object (name);

  if (object.rfind ("o", 0) != 0) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "There is no '%s'", name);
    return nullptr;
  }
  object = object.substr (0, object.find ('-'));
  *ret_key = g_strdup (object.c_str ());
  return g_strdup (object.c_str ());
}

void
add_details (const QuiltRow *row, GPtrArray *details)
{
  auto *text = g_variant_new_string (static_cast<char *> (quilt_row_get_data (row)));

  g_ptr_array_add (details, g_variant_ref_sink (text));
}

void
begin (QuiltRow *row)
{
  auto *arguments = static_cast<Arguments *> (quilt_row_get_arguments (row));

  arguments->began.push_back (row);
  if (arguments->on_begin)
    arguments->on_begin (row);
}

void
answer (const QuiltRow *row, QuiltCall *invocation)
{
  const auto *text = static_cast<char *> (quilt_row_get_data (row));

  answered_while_held = held > 0;
  quilt_call_return (invocation, g_variant_new ("(s)", text));
}

void
free_row (gpointer data)
{
  frees_of_rows++;
  g_free (data);
}

void
free_data (gpointer)
{
  frees_of_data++;
}

class Rows : public testing::Test
{
protected:
  GTestDBus *bus = nullptr;
  QuiltDbus *quiltd = nullptr;
  QuiltDbusService *service = nullptr;
  GDBusConnection *caller = nullptr;
  QuiltActivity *calls = quilt_activity_new ();
  QuiltRowsMethod method = {"org.quilt.test", FALSE,   FALSE,   find, add_details, begin,
                            nullptr,          nullptr, free_row};
  Arguments arguments;
  string reply;              /* to the caller; "": none yet */
  vector<const char *> more; /* names instead of the call's, NULL-terminated; none: the call's */

  void SetUp () override
  {
    question = {};
    held = frees_of_rows = frees_of_data = 0;
    answered_while_held = false;
    bus = g_test_dbus_new (G_TEST_DBUS_NONE);
    g_test_dbus_up (bus);
    caller = g_dbus_connection_new_for_address_sync (
        g_test_dbus_get_bus_address (bus),
        (GDBusConnectionFlags)(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                               G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
        nullptr, nullptr, nullptr);
    quiltd = quilt_dbus_open (g_test_dbus_get_bus_address (bus), nullptr);
    ASSERT_NE (quiltd, nullptr);
    service = quilt_dbus_service_new (quiltd, calls, on_call, this);
    const QuiltDbusCall request = {QUILT_DBUS_BUS, QUILT_DBUS_BUS_PATH, QUILT_DBUS_BUS,
                                   "RequestName", g_variant_new ("(su)", "org.quilt", 0)};
    g_auto (QuiltDbusReply) owned = {};
    quilt_dbus_call_sync (quiltd, &request, -1, &owned);
    ASSERT_NE (owned.body, nullptr);
  }

  /* After each test, nothing of the call may be left. */
  void TearDown () override
  {
    EXPECT_EQ (held, 0);
    EXPECT_EQ (frees_of_data, 1);
    quilt_dbus_service_free (service);
    quilt_dbus_close (quiltd);
    g_dbus_connection_close_sync (caller, nullptr, nullptr);
    g_object_unref (caller);
    gint64 since;
    EXPECT_TRUE (quilt_activity_is_none (calls, &since));
    quilt_activity_unref (calls);
    g_test_dbus_stop (bus);
    g_object_unref (bus);
  }

  static void on_call (QuiltCall *invocation, gpointer data)
  {
    const string name = quilt_call_get_method (invocation);
    GVariant *parameters = quilt_call_get_args (invocation);
    auto *self = static_cast<Rows *> (data);
    g_autofree const char **names = nullptr;
    const char *one;

    if (name == "Many") {
      g_variant_get (parameters, "(^a&s)", &names);
      quilt_rows_on_many (nullptr, invocation, &self->method,
                          self->more.empty () ? names : self->more.data (), &self->arguments,
                          free_data);
      return;
    }
    g_variant_get (parameters, "(&s)", &one);
    if (name == "Ask")
      self->method.answer = answer;
    quilt_rows_on_one (nullptr, invocation, &self->method, one, &self->arguments, free_data);
  }

  static void on_reply (GObject *source, GAsyncResult *result, gpointer data)
  {
    auto *self = static_cast<Rows *> (data);
    GError *error = nullptr;
    g_autoptr (GVariant) values =
        g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

    self->reply = values ? take (g_variant_print (values, FALSE)) : error->message;
    g_clear_error (&error);
  }

  /* Calls the method, and returns when polkit is asked. */
  void call (const char *name, GVariant *parameters)
  {
    g_dbus_connection_call (caller, "org.quilt", "/", "org.quilt.Test", name, parameters, nullptr,
                            G_DBUS_CALL_FLAGS_NONE, -1, nullptr, on_reply, this);
    while (!question.invocation)
      g_main_context_iteration (nullptr, TRUE);
  }

  void call_many (const vector<const char *> &names)
  {
    call ("Many", g_variant_new ("(@as)", g_variant_new_strv (names.data (), names.size ())));
  }

  void allow ()
  {
    question.authorized (question.invocation, question.data);
  }

  string wait ()
  {
    while (reply.empty ())
      g_main_context_iteration (nullptr, TRUE);
    return reply;
  }

  vector<string> began () const
  {
    vector<string> names;

    for (QuiltRow *row : arguments.began)
      names.push_back (quilt_row_get_name (row));
    return names;
  }

  static GError *busy ()
  {
    return g_error_new_literal (QUILT_ERROR, QUILT_ERROR_BUSY, "It is busy");
  }
};

using Names = vector<string>;

} // namespace

/* One row for each object: polkit is asked about all that exist, and all begin at once. */
TEST_F (Rows, AllRowsBeginAtOnce)
{
  call_many ({"o1", "o2", "o3"});
  EXPECT_EQ (question.action, "org.quilt.test");
  EXPECT_EQ (question.details, (Names{"o1", "o2", "o3"}));
  EXPECT_TRUE (began ().empty ());
  EXPECT_EQ (held, 0);
  allow ();
  EXPECT_EQ (began (), (Names{"o1", "o2", "o3"}));
  EXPECT_EQ (held, 1);
  quilt_row_done (arguments.began[2], nullptr);
  quilt_row_done (arguments.began[0], nullptr);
  EXPECT_EQ (held, 1); /* not answered before the last one */
  quilt_row_done (arguments.began[1], nullptr);
  EXPECT_EQ (wait (), "([],)");
  EXPECT_EQ (frees_of_rows, 3);
}

/* A failure is a row of the answer, in the order of the names, and keeps no other row from it. */
TEST_F (Rows, AFailureIsARowOfTheAnswer)
{
  call_many ({"missing", "o1", "lost", "o2"});
  EXPECT_EQ (question.details, (Names{"o1", "o2"}));
  allow ();
  ASSERT_EQ (began (), (Names{"o1", "o2"}));
  quilt_row_done (arguments.began[1], nullptr);
  quilt_row_done (arguments.began[0], busy ());
  EXPECT_EQ (wait (), "([('missing', 'org.quilt.Error.NotFound', \"There is no 'missing'\"), "
                      "('o1', 'org.quilt.Error.Busy', 'It is busy'), "
                      "('lost', 'org.quilt.Error.NotFound', \"There is no 'lost'\")],)");
  EXPECT_EQ (frees_of_rows, 2);
}

TEST_F (Rows, MakesOneRowOfANameGivenTwice)
{
  call_many ({"o1", "missing", "o1-alias", "o1", "missing"});
  EXPECT_EQ (question.details, (Names{"o1"}));
  EXPECT_EQ (frees_of_rows, 2); /* those that were dropped */
  allow ();
  ASSERT_EQ (began (), (Names{"o1"}));
  quilt_row_done (arguments.began[0], nullptr);
  EXPECT_EQ (wait (), "([('missing', 'org.quilt.Error.NotFound', \"There is no 'missing'\")],)");
}

TEST_F (Rows, NoNamesAreAnsweredToo)
{
  call_many ({});
  EXPECT_TRUE (question.details.empty ());
  allow ();
  EXPECT_EQ (wait (), "([],)");
}

TEST_F (Rows, InTurnARowBeginsWhenTheOneBeforeIsDone)
{
  method.in_turn = TRUE;
  call_many ({"o1", "missing", "o2", "o3"});
  allow ();
  EXPECT_EQ (began (), (Names{"o1"}));
  quilt_row_done (arguments.began[0], busy ());
  EXPECT_EQ (began (), (Names{"o1", "o2"}));
  quilt_row_done (arguments.began[1], nullptr);
  EXPECT_EQ (began (), (Names{"o1", "o2", "o3"}));
  EXPECT_TRUE (reply.empty ());
  quilt_row_done (arguments.began[2], nullptr);
  EXPECT_EQ (wait ().find ("o2"), string::npos);
  EXPECT_NE (reply.find ("('o1', 'org.quilt.Error.Busy'"), string::npos);
}

/* Root may name as many objects as a call can have values: the stack must not grow with it. */
TEST_F (Rows, RowsThatAreDoneAtOnceNeedNoStack)
{
  vector<string> names;

  for (int i = 0; i < 100000; i++)
    names.push_back ("o" + std::to_string (i));
  for (const string &name : names)
    more.push_back (name.c_str ());
  more.push_back (nullptr);
  arguments.on_begin = [] (QuiltRow *row) { quilt_row_done (row, nullptr); };
  method.in_turn = TRUE;
  call_many ({});
  allow ();
  EXPECT_EQ (wait (), "([],)");
  EXPECT_EQ (frees_of_rows, 100000);
}

/* Also when the caller goes away while polkit is asked. */
TEST_F (Rows, NothingBeginsForACallerThatIsDenied)
{
  g_autoptr (GError) error = g_error_new_literal (QUILT_ERROR, QUILT_ERROR_NOT_AUTHORIZED, "No");

  call_many ({"o1", "missing"});
  quilt_bus_error_return (question.invocation, error);
  EXPECT_NE (wait ().find ("NotAuthorized"), string::npos);
  EXPECT_TRUE (began ().empty ());
  EXPECT_EQ (frees_of_rows, 1);
}

TEST_F (Rows, AMethodOnOneFailsWithItsError)
{
  call ("One", g_variant_new ("(s)", "o1"));
  allow ();
  quilt_row_done (arguments.began[0], busy ());
  EXPECT_EQ (wait (), "GDBus.Error:org.quilt.Error.Busy: It is busy");
}

/* A caller that is not allowed must not learn what exists. */
TEST_F (Rows, AMissingObjectIsSaidToACallerThatMayKnow)
{
  call ("One", g_variant_new ("(s)", "missing"));
  EXPECT_TRUE (question.details.empty ());
  EXPECT_TRUE (reply.empty ());
  allow ();
  EXPECT_EQ (wait (), "GDBus.Error:org.quilt.Error.NotFound: There is no 'missing'");
  EXPECT_TRUE (began ().empty ());
}

TEST_F (Rows, AMethodMayGiveUpItsRowsWhenTheCallerVanishes)
{
  const char *const names[] = {"o1", "missing", "o2", nullptr};

  method.give_up = [] (QuiltRow *row) { quilt_row_done (row, busy ()); };
  call ("Many", g_variant_new ("(^as)", names));
  allow ();
  EXPECT_EQ (began ().size (), 2u);
  g_dbus_connection_close_sync (caller, nullptr, nullptr);
  while (frees_of_data == 0)
    g_main_context_iteration (nullptr, TRUE);
}

TEST_F (Rows, AMethodOnOneMayReturnSomething)
{
  method.waits = TRUE;
  call ("Ask", g_variant_new ("(s)", "o1-alias"));
  allow ();
  EXPECT_EQ (held, 0); /* quiltd may exit meanwhile */
  quilt_row_done (arguments.began[0], nullptr);
  EXPECT_EQ (wait (), "('o1',)");
  EXPECT_FALSE (answered_while_held);
}
