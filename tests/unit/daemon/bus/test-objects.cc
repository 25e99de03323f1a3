/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Objects on the bus: their methods, properties and signals, and the standard interfaces. */
#include "base/check.h"

#include <functional>
#include <gio/gio.h>

extern "C" {
#include "daemon/bus/objects.h"
#include "dbus/open.h"
#include "dbus/quilt-bus.h"
}

namespace
{

using std::string;
using Lines = std::vector<string>;

enum { NAME, SIZE, FIXED, LIVE };

const QuiltBusMethod methods[] = {{"Add", "(ii)", "(i)", nullptr},
                                  {"Fail", "()", "()", nullptr},
                                  {"Hold", "()", "()", nullptr},
                                  {"Missing", "()", "()", nullptr},
                                  {"Show", "(i)", "(s)", "ShowOne"},
                                  {"ShowOne", "(si)", "(s)", nullptr},
                                  {"Lost", "()", "()", "NoMethodOfManager"}};
const QuiltBusProperty properties[] = {{"Name", "s", QUILT_EMITS_CHANGES},
                                       {"Size", "t", QUILT_EMITS_CHANGES},
                                       {"Fixed", "s", QUILT_EMITS_NOTHING},
                                       {"Live", "t", QUILT_EMITS_NOTHING}};
const QuiltBusSignal signals[] = {{"Done", "(s)"}};
const QuiltBusInterface interface = {
    "org.quilt.Test", "<interface name=\"org.quilt.Test\">\n</interface>\n",
    methods,          G_N_ELEMENTS (methods),
    properties,       G_N_ELEMENTS (properties),
    signals,          G_N_ELEMENTS (signals)};

QuiltCall *held;

void
handle_add (QuiltCall *call, GVariant *args, gpointer)
{
  gint32 a, b;

  g_variant_get (args, "(ii)", &a, &b);
  quilt_call_return (call, g_variant_new ("(i)", a + b));
}

void
handle_fail (QuiltCall *call, GVariant *, gpointer)
{
  quilt_call_fail (call, "org.quilt.Error.Busy", "It is busy", nullptr);
}

void
handle_hold (QuiltCall *call, GVariant *, gpointer)
{
  held = call;
}

/* Shows the object that it is called for. */
void
handle_show (QuiltCall *call, GVariant *args, gpointer object)
{
  g_autofree char *text = g_variant_print (args, FALSE);

  quilt_call_return (call,
                     g_variant_new ("(s)", (string ((const char *)object) + " " + text).c_str ()));
}

const QuiltMethodHandler handlers[] = {{"Add", handle_add},
                                       {"Fail", handle_fail},
                                       {"Hold", handle_hold},
                                       {"ShowOne", handle_show},
                                       {nullptr, nullptr}};

int looks;

void
look (gpointer, guint)
{
  looks++;
}

GVariant *
read_live (gpointer, guint property)
{
  EXPECT_EQ (property, (guint)LIVE);
  return g_variant_new_uint64 (42);
}

const QuiltExportClass test_class = {&interface, look, read_live};

const char ROOT[] = "/org/quilt", BOX[] = "/org/quilt/container/1";

class Objects : public testing::Test
{
protected:
  GTestDBus *bus = g_test_dbus_new (G_TEST_DBUS_NONE);
  GDBusConnection *caller = nullptr;
  QuiltDbus *quiltd = nullptr;
  QuiltActivity *calls = quilt_activity_new (), *work = quilt_activity_new ();
  QuiltQuota *quota = quilt_quota_new (2);
  QuiltAdmission *admission = nullptr;
  QuiltObjects *objects = nullptr;
  QuiltExport *root = nullptr, *box = nullptr;
  Lines told; /* the signals */

  void SetUp () override
  {
    const QuiltDbusCall request = {QUILT_DBUS_BUS, QUILT_DBUS_BUS_PATH, QUILT_DBUS_BUS,
                                   "RequestName", g_variant_new ("(su)", "org.quilt", 0)};
    g_auto (QuiltDbusReply) reply = {};

    looks = 0;
    g_test_dbus_up (bus);
    caller = g_dbus_connection_new_for_address_sync (
        g_test_dbus_get_bus_address (bus),
        (GDBusConnectionFlags)(G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                               G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION),
        nullptr, nullptr, nullptr);
    g_dbus_connection_signal_subscribe (caller, "org.quilt", nullptr, nullptr, nullptr, nullptr,
                                        G_DBUS_SIGNAL_FLAGS_NONE, on_signal, this, nullptr);
    quiltd = quilt_dbus_open (g_test_dbus_get_bus_address (bus), nullptr);
    ASSERT_NE (quiltd, nullptr);
    quilt_dbus_call_sync (quiltd, &request, -1, &reply);
    ASSERT_NE (reply.body, nullptr);
    admission = quilt_admission_new (quiltd, quota, work);
    objects = quilt_objects_new (quiltd, calls, admission);
    root = make ("root");
    box = make ("box");
    quilt_objects_add (objects, ROOT, root);
    quilt_objects_add (objects, BOX, box);
    settle ();
  }

  void TearDown () override
  {
    gint64 since;

    quilt_objects_free (objects);
    quilt_admission_free (admission);
    quilt_quota_free (quota);
    quilt_export_free (root);
    g_clear_pointer (&box, quilt_export_free);
    quilt_dbus_close (quiltd);
    EXPECT_TRUE (quilt_activity_is_none (calls, &since));
    EXPECT_TRUE (quilt_activity_is_none (work, &since));
    quilt_activity_unref (calls);
    quilt_activity_unref (work);
    g_dbus_connection_close_sync (caller, nullptr, nullptr);
    g_object_unref (caller);
    g_test_dbus_stop (bus);
    g_object_unref (bus);
  }

  static QuiltExport *make (const char *name)
  {
    QuiltExport *object = quilt_export_new (&test_class, handlers, (gpointer)name);

    quilt_export_set_string (object, NAME, name);
    quilt_export_set_uint64 (object, SIZE, 1);
    quilt_export_set_string (object, FIXED, "fixed");
    return object;
  }

  static void on_signal (GDBusConnection *,
                         const char *,
                         const char *path,
                         const char *,
                         const char *name,
                         GVariant *args,
                         gpointer data)
  {
    g_autofree char *text = g_variant_print (args, FALSE);

    static_cast<Objects *> (data)->told.push_back (string (path) + " " + name + " " + text);
  }

  static void on_reply (GObject *source, GAsyncResult *result, gpointer data)
  {
    g_autoptr (GError) error = nullptr;
    g_autoptr (GVariant) values =
        g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

    *static_cast<string *> (data) =
        values ? take (g_variant_print (values, FALSE)) : string (error->message);
  }

  /* The answer, printed, or the error. */
  string call (const char *path, const char *of, const char *method, const char *args = "()")
  {
    string answer;

    begin (path, of, method, args, &answer);
    while (answer.empty ())
      g_main_context_iteration (nullptr, TRUE);
    return answer;
  }

  void
  begin (const char *path, const char *of, const char *method, const char *args, string *ret_answer)
  {
    g_dbus_connection_call (caller, "org.quilt", path, of, method, g_variant_new_parsed (args),
                            nullptr, G_DBUS_CALL_FLAGS_NONE, -1, nullptr, on_reply, ret_answer);
  }

  string call_standard (const char *path, const char *of, const char *method, const char *args)
  {
    return call (path, (string ("org.freedesktop.DBus.") + of).c_str (), method, args);
  }

  /* The bus passes messages on in order: what the main loop sends has arrived. */
  void settle ()
  {
    while (g_main_context_iteration (nullptr, FALSE))
      ;
    call ("/", "org.freedesktop.DBus.Peer", "Ping");
  }
};

const string ERROR = "GDBus.Error:org.freedesktop.DBus.Error.";

} // namespace

TEST_F (Objects, MethodsAreCalled)
{
  quilt_objects_show (objects);
  EXPECT_EQ (call (BOX, "org.quilt.Test", "Add", "(2, 3)"), "(5,)");
  EXPECT_EQ (call (BOX, "org.quilt.Test", "Fail"), "GDBus.Error:org.quilt.Error.Busy: It is busy");
}

TEST_F (Objects, MethodsOfTheManagerAreCalledWithTheIdOfTheObject)
{
  quilt_objects_show (objects);
  EXPECT_EQ (call (BOX, "org.quilt.Test", "Show", "(5,)"), "(\"root ('1', 5)\",)");
  EXPECT_EQ (call (BOX, "org.quilt.Test", "Show", "('x', 5)"),
             ERROR + "InvalidArgs: Type of message, “(si)”, does not match expected type “(i)”");
  EXPECT_EQ (call (BOX, "org.quilt.Test", "Lost"), ERROR + "UnknownMethod: No such method “Lost”");
  quilt_objects_remove (objects, ROOT);
  EXPECT_EQ (call (BOX, "org.quilt.Test", "Show", "(5,)"),
             ERROR + "UnknownMethod: No such method “Show”");
}

TEST_F (Objects, NothingIsSeenBeforeItIsShown)
{
  EXPECT_EQ (call (BOX, "org.quilt.Test", "Fail"),
             ERROR + "UnknownObject: Object does not exist at path “/org/quilt/container/1”");
  quilt_export_set_string (box, NAME, "other");
  settle ();
  quilt_objects_show (objects);
  settle ();
}

TEST_F (Objects, UnknownThingsAreErrors)
{
  quilt_objects_show (objects);
  EXPECT_EQ (call ("/no", "org.quilt.Test", "Add", "(2, 3)"),
             ERROR + "UnknownObject: Object does not exist at path “/no”");
  EXPECT_EQ (call (BOX, "org.quilt.No", "Add", "(2, 3)"),
             ERROR + "UnknownInterface: No such interface “org.quilt.No” on object at path " + BOX);
  EXPECT_EQ (call (BOX, "org.quilt.Test", "No"), ERROR + "UnknownMethod: No such method “No”");
  EXPECT_EQ (call (BOX, "org.quilt.Test", "Missing"),
             ERROR + "UnknownMethod: No such method “Missing”");
  EXPECT_EQ (call (BOX, "org.quilt.Test", "Add", "(2, 'x')"),
             ERROR + "InvalidArgs: Type of message, “(is)”, does not match expected type “(ii)”");
  for (const char *of : {"Peer", "Introspectable", "Properties"})
    EXPECT_EQ (call_standard (BOX, of, "No", "()"), ERROR + "UnknownMethod: No such method “No”");
  EXPECT_EQ (call_standard (BOX, "Peer", "Ping", "(1,)"),
             ERROR + "InvalidArgs: Type of message, “(i)”, does not match expected type “()”");
  EXPECT_EQ (call_standard ("/no", "Properties", "GetAll", "('org.quilt.Test',)"),
             ERROR + "UnknownObject: Object does not exist at path “/no”");
  EXPECT_EQ (call_standard ("/no", "Introspectable", "Introspect", "()"),
             ERROR + "UnknownObject: Object does not exist at path “/no”");
  EXPECT_EQ (call_standard (BOX, "ObjectManager", "GetManagedObjects", "()"),
             ERROR +
                 "UnknownInterface: No such interface “org.freedesktop.DBus.ObjectManager” on "
                 "object at path " +
                 BOX);
}

TEST_F (Objects, PropertiesAreShown)
{
  quilt_objects_show (objects);
  EXPECT_EQ (call_standard (BOX, "Properties", "Get", "('org.quilt.Test', 'Name')"), "(<'box'>,)");
  EXPECT_EQ (looks, 1);
  EXPECT_EQ (call_standard (BOX, "Properties", "Get", "('', 'Live')"), "(<uint64 42>,)");
  EXPECT_EQ (call_standard (BOX, "Properties", "GetAll", "('org.quilt.Test',)"),
             "({'Name': <'box'>, 'Size': <uint64 1>, 'Fixed': <'fixed'>, 'Live': <uint64 42>},)");
  EXPECT_EQ (looks, 6);
  EXPECT_EQ (call_standard (BOX, "Properties", "Get", "('org.quilt.Test', 'No')"),
             ERROR + "UnknownProperty: No such property “No”");
  EXPECT_EQ (call_standard (BOX, "Properties", "Get", "('org.quilt.No', 'Name')"),
             ERROR + "UnknownInterface: No such interface “org.quilt.No” on object at path " + BOX);
  EXPECT_EQ (call_standard (BOX, "Properties", "Set", "('org.quilt.Test', 'Name', <'x'>)"),
             ERROR + "PropertyReadOnly: Property “Name” is not writable");
}

/* One signal for all changes of an object until the main loop comes to it. */
TEST_F (Objects, ChangesAreSignalledTogether)
{
  quilt_objects_show (objects);
  quilt_export_set_string (box, NAME, "new");
  quilt_export_set_uint64 (box, SIZE, 2);
  quilt_export_set_uint64 (box, SIZE, 3);
  quilt_export_set_string (box, FIXED, "changed");
  settle ();
  EXPECT_EQ (told, (Lines{string (BOX) + " PropertiesChanged ('org.quilt.Test', {'Name': <'new'>, "
                                         "'Size': <uint64 3>}, [])"}));
  told.clear ();
  quilt_export_set_uint64 (box, SIZE, 4);
  quilt_export_set_uint64 (box, SIZE, 3);
  settle ();
  EXPECT_EQ (told, Lines ());
  quilt_export_set_uint64 (box, SIZE, 5);
  quilt_export_flush (box);
  quilt_export_emit (box, "Done", g_variant_new ("(s)", "x"));
  quilt_export_flush (box);
  settle ();
  EXPECT_EQ (
      told, (Lines{string (BOX) + " PropertiesChanged ('org.quilt.Test', {'Size': <uint64 5>}, [])",
                   string (BOX) + " Done ('x',)"}));
}

TEST_F (Objects, ObjectsThatComeAndGoAreSignalled)
{
  const string values = "{'org.quilt.Test': {'Name': <'new'>, 'Size': <uint64 1>, "
                        "'Fixed': <'fixed'>, 'Live': <uint64 42>}}";
  QuiltExport *other = make ("new");

  quilt_objects_show (objects);
  quilt_objects_add (objects, "/org/quilt/job/7", other);
  quilt_export_set_string (other, NAME, "gone");
  quilt_objects_remove (objects, "/org/quilt/job/7");
  quilt_export_free (other);
  settle ();
  EXPECT_EQ (told,
             (Lines{"/org/quilt InterfacesAdded ('/org/quilt/job/7', " + values + ")",
                    "/org/quilt InterfacesRemoved ('/org/quilt/job/7', ['org.quilt.Test'])"}));
  EXPECT_NE (call ("/org/quilt/job/7", "org.quilt.Test", "Fail").find ("UnknownObject"),
             string::npos);
}

TEST_F (Objects, ListsTheCurrentValues)
{
  const auto list = [this] {
    g_autoptr (GVariant) all = g_variant_ref_sink (quilt_objects_list (objects));

    return take (g_variant_print (all, FALSE));
  };
  const string before = list ();

  EXPECT_EQ (before, "{'/org/quilt/container/1': {'org.quilt.Test': {'Name': <'box'>, 'Size': "
                     "<uint64 1>, 'Fixed': <'fixed'>, 'Live': <uint64 42>}}}");
  quilt_export_set_uint64 (box, SIZE, 2);
  EXPECT_NE (list ().find ("'Size': <uint64 2>"), string::npos);
  quilt_objects_remove (objects, BOX);
  EXPECT_EQ (list (), "{}");
}

TEST_F (Objects, IntrospectShowsObjectsAndTheNodesAbove)
{
  quilt_objects_show (objects);
  struct {
    const char *path;
    guint interfaces;
    const char *child;
  } const cases[] = {
      {"/", 0, "org"},
      {"/org", 0, "quilt"},
      {"/org/quilt", 5, "container"},
      {"/org/quilt/container", 0, "1"},
      {BOX, 4, nullptr},
  };

  for (const auto &c : cases) {
    g_autoptr (GVariant) answer = g_variant_new_parsed (
        call_standard (c.path, "Introspectable", "Introspect", "()").c_str ());
    const char *text;

    g_variant_get (answer, "(&s)", &text);
    g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (text, nullptr);
    ASSERT_NE (node, nullptr) << text;
    guint n = 0;
    while (node->interfaces && node->interfaces[n])
      n++;
    EXPECT_EQ (n, c.interfaces) << text;
    if (c.child) {
      ASSERT_NE (node->nodes[0], nullptr) << text;
      EXPECT_STREQ (node->nodes[0]->path, c.child);
    } else {
      EXPECT_EQ (node->nodes[0], nullptr);
    }
  }
  quilt_objects_remove (objects, BOX);
  EXPECT_NE (call_standard ("/org/quilt/container", "Introspectable", "Introspect", "()")
                 .find ("UnknownObject"),
             string::npos);
}

TEST_F (Objects, PeersAnswer)
{
  EXPECT_EQ (call_standard ("/", "Peer", "Ping", "()"), "()");
  const string id = call_standard ("/any", "Peer", "GetMachineId", "()");
  EXPECT_TRUE (id.size () == 37 || id == ERROR + "Failed: This host has no valid machine ID") << id;
}

/* Each caller may have as many unanswered calls as the quota says, and root any number. */
TEST_F (Objects, CallsAreChargedUntilTheyAreAnswered)
{
  const char *second = geteuid () == 0 ? "Busy" : "QuotaExceeded";
  string first;

  quilt_objects_show (objects);
  held = nullptr;
  quilt_quota_set_max (quota, 1);
  begin (BOX, "org.quilt.Test", "Hold", "()", &first);
  while (!held)
    g_main_context_iteration (nullptr, TRUE);
  EXPECT_EQ (quilt_admission_get_uid (held), geteuid ());
  EXPECT_NE (call (BOX, "org.quilt.Test", "Fail").find (second), string::npos);
  quilt_call_return (held, nullptr);
  EXPECT_NE (call (BOX, "org.quilt.Test", "Fail").find ("Busy"), string::npos);
}

/* An object may go while quiltd asks the bus for the caller's uid. */
TEST_F (Objects, ACallOfAnObjectThatGoesIsRefused)
{
  string answer;

  quilt_objects_show (objects);
  begin (BOX, "org.quilt.Test", "Add", "(1, 1)", &answer);
  gint64 since;
  while (quilt_activity_is_none (calls, &since))
    g_main_context_iteration (nullptr, TRUE);
  quilt_objects_remove (objects, BOX);
  while (answer.empty ())
    g_main_context_iteration (nullptr, TRUE);
  EXPECT_NE (answer.find ("UnknownObject"), string::npos) << answer;
}

/* The tables and the texts are made of it. */
TEST (Interfaces, AreThoseOfTheXml)
{
  const string path = string (getenv ("QUILT_SOURCE")) + "/dbus/org.quilt.xml";
  const QuiltBusInterface *const all[] = {&quilt_bus_manager, &quilt_bus_container,
                                          &quilt_bus_image, &quilt_bus_job};
  g_autofree char *xml = nullptr;

  ASSERT_TRUE (g_file_get_contents (path.c_str (), &xml, nullptr, nullptr));
  g_autoptr (GDBusNodeInfo) wanted = g_dbus_node_info_new_for_xml (xml, nullptr);
  const auto type_of = [] (GDBusArgInfo **args) {
    string type = "(";

    for (; args && *args; args++)
      type += (*args)->signature;
    return type + ")";
  };
  for (const QuiltBusInterface *ours : all) {
    const string node = string ("<node>") + ours->xml + "</node>";
    g_autoptr (GDBusNodeInfo) shown = g_dbus_node_info_new_for_xml (node.c_str (), nullptr);
    GDBusInterfaceInfo *info = g_dbus_node_info_lookup_interface (wanted, ours->name);
    g_autoptr (GString) one = g_string_new (nullptr), other = g_string_new (nullptr);
    guint n = 0;

    ASSERT_NE (info, nullptr);
    ASSERT_NE (shown, nullptr);
    g_dbus_interface_info_generate_xml (info, 0, one);
    g_dbus_interface_info_generate_xml (shown->interfaces[0], 0, other);
    EXPECT_STREQ (other->str, one->str);
    for (guint i = 0; i < ours->n_methods; i++, n++) {
      EXPECT_STREQ (ours->methods[i].name, info->methods[i]->name);
      EXPECT_EQ (ours->methods[i].in, type_of (info->methods[i]->in_args));
      EXPECT_EQ (ours->methods[i].out, type_of (info->methods[i]->out_args));
    }
    EXPECT_EQ (info->methods ? info->methods[ours->n_methods] : nullptr, nullptr);
    for (guint i = 0; i < ours->n_properties; i++) {
      EXPECT_STREQ (ours->properties[i].name, info->properties[i]->name);
      EXPECT_STREQ (ours->properties[i].type, info->properties[i]->signature);
    }
    EXPECT_EQ (info->properties[ours->n_properties], nullptr);
    for (guint i = 0; i < ours->n_signals; i++)
      EXPECT_EQ (ours->signals[i].type, type_of (info->signals[i]->args));
  }
}
