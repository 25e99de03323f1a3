/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The standard interfaces of every object, and the errors of calls that no object takes. */
#include "dbus/server/standard.h"

#include "dbus/server/args.h"

#include <string.h>

#define NAME "org.freedesktop.DBus."
#define ERROR NAME "Error."

static const char head[] =
    "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
    "  \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
    "<node>\n";

static const char standard_xml[] = "<interface name=\"" NAME "Properties\">\n"
                                   "  <method name=\"Get\">\n"
                                   "    <arg name=\"interface\" type=\"s\" direction=\"in\" />\n"
                                   "    <arg name=\"property\" type=\"s\" direction=\"in\" />\n"
                                   "    <arg name=\"value\" type=\"v\" direction=\"out\" />\n"
                                   "  </method>\n"
                                   "  <method name=\"GetAll\">\n"
                                   "    <arg name=\"interface\" type=\"s\" direction=\"in\" />\n"
                                   "    <arg name=\"values\" type=\"a{sv}\" direction=\"out\" />\n"
                                   "  </method>\n"
                                   "  <method name=\"Set\">\n"
                                   "    <arg name=\"interface\" type=\"s\" direction=\"in\" />\n"
                                   "    <arg name=\"property\" type=\"s\" direction=\"in\" />\n"
                                   "    <arg name=\"value\" type=\"v\" direction=\"in\" />\n"
                                   "  </method>\n"
                                   "  <signal name=\"PropertiesChanged\">\n"
                                   "    <arg name=\"interface\" type=\"s\" />\n"
                                   "    <arg name=\"changed\" type=\"a{sv}\" />\n"
                                   "    <arg name=\"invalidated\" type=\"as\" />\n"
                                   "  </signal>\n"
                                   "</interface>\n"
                                   "<interface name=\"" NAME "Introspectable\">\n"
                                   "  <method name=\"Introspect\">\n"
                                   "    <arg name=\"xml\" type=\"s\" direction=\"out\" />\n"
                                   "  </method>\n"
                                   "</interface>\n"
                                   "<interface name=\"" NAME "Peer\">\n"
                                   "  <method name=\"Ping\" />\n"
                                   "  <method name=\"GetMachineId\">\n"
                                   "    <arg name=\"id\" type=\"s\" direction=\"out\" />\n"
                                   "  </method>\n"
                                   "</interface>\n";

static const char manager_xml[] =
    "<interface name=\"" NAME "ObjectManager\">\n"
    "  <method name=\"GetManagedObjects\">\n"
    "    <arg name=\"objects\" type=\"a{oa{sa{sv}}}\" direction=\"out\" />\n"
    "  </method>\n"
    "  <signal name=\"InterfacesAdded\">\n"
    "    <arg name=\"object\" type=\"o\" />\n"
    "    <arg name=\"interfaces\" type=\"a{sa{sv}}\" />\n"
    "  </signal>\n"
    "  <signal name=\"InterfacesRemoved\">\n"
    "    <arg name=\"object\" type=\"o\" />\n"
    "    <arg name=\"interfaces\" type=\"as\" />\n"
    "  </signal>\n"
    "</interface>\n";

static const struct {
  const char *interface;
  QuiltStandard standard;
} standards[] = {
    {NAME "Peer", QUILT_STANDARD_PEER},
    {NAME "Introspectable", QUILT_STANDARD_INTROSPECTABLE},
    {NAME "Properties", QUILT_STANDARD_PROPERTIES},
};

QuiltStandard
quilt_standard_find (const QuiltCall *call)
{
  const char *interface = quilt_call_get_interface (call);

  for (guint i = 0; interface && i < G_N_ELEMENTS (standards); i++)
    if (g_str_equal (standards[i].interface, interface))
      return standards[i].standard;
  return QUILT_STANDARD_NONE;
}

static void refuse (QuiltCall *call, const char *name, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

static void
refuse (QuiltCall *call, const char *name, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  quilt_call_fail (call, name, text, NULL);
}

/* The words of these errors are GDBus's, which users may know. */

void
quilt_standard_refuse_object (QuiltCall *call)
{
  refuse (call, ERROR "UnknownObject", "Object does not exist at path “%s”",
          quilt_call_get_path (call));
}

void
quilt_standard_refuse_interface (QuiltCall *call, const char *interface)
{
  refuse (call, ERROR "UnknownInterface", "No such interface “%s” on object at path %s", interface,
          quilt_call_get_path (call));
}

void
quilt_standard_refuse_method (QuiltCall *call)
{
  refuse (call, ERROR "UnknownMethod", "No such method “%s”", quilt_call_get_method (call));
}

void
quilt_standard_refuse_args (QuiltCall *call)
{
  refuse (call, ERROR "InvalidArgs", "The arguments of “%s” are not valid",
          quilt_call_get_method (call));
}

gboolean
quilt_standard_check_type (QuiltCall *call, const char *type)
{
  const char *signature = quilt_call_get_signature (call);
  const gsize length = strlen (type) - 2; /* without the parentheses of the tuple */

  if (strlen (signature) == length && strncmp (signature, type + 1, length) == 0)
    return TRUE;
  refuse (call, ERROR "InvalidArgs", "Type of message, “(%s)”, does not match expected type “%s”",
          signature, type);
  return FALSE;
}

/* The files that have the machine's ID; see machine-id(5). */
static void
answer_machine_id (QuiltCall *call)
{
  static const char *const paths[] = {"/etc/machine-id", "/var/lib/dbus/machine-id"};
  g_autofree char *id = NULL;

  for (guint i = 0; !id && i < G_N_ELEMENTS (paths); i++)
    g_file_get_contents (paths[i], &id, NULL, NULL);
  if (id && g_utf8_validate (id, -1, NULL))
    quilt_call_return (call, g_variant_new ("(s)", g_strstrip (id)));
  else
    refuse (call, ERROR "Failed", "This host has no valid machine ID");
}

void
quilt_standard_answer_peer (QuiltCall *call)
{
  const char *method = quilt_call_get_method (call);
  const gboolean is_ping = g_str_equal (method, "Ping");

  if (!is_ping && !g_str_equal (method, "GetMachineId"))
    quilt_standard_refuse_method (call);
  else if (!quilt_standard_check_type (call, "()"))
    return;
  else if (is_ping)
    quilt_call_return (call, NULL);
  else
    answer_machine_id (call);
}

static void
append_indented (GString *text, const char *xml)
{
  g_auto (GStrv) lines = g_strsplit (xml, "\n", -1);

  for (char **line = lines; *line; line++)
    if (**line != '\0')
      g_string_append_printf (text, "  %s\n", *line);
}

void
quilt_standard_introspect (QuiltCall *call,
                           QuiltExport *object,
                           gboolean managed,
                           const GPtrArray *children)
{
  g_autoptr (GString) text = g_string_new (head);

  if (!g_str_equal (quilt_call_get_method (call), "Introspect")) {
    quilt_standard_refuse_method (call);
    return;
  }
  if (!quilt_standard_check_type (call, "()"))
    return;
  if (object) {
    append_indented (text, standard_xml);
    if (!managed)
      append_indented (text, manager_xml);
    append_indented (text, quilt_export_get_interface (object)->xml);
  }
  for (guint i = 0; i < children->len; i++)
    g_string_append_printf (text, "  <node name=\"%s\" />\n", (const char *)children->pdata[i]);
  g_string_append (text, "</node>\n");
  quilt_call_return (call, g_variant_new ("(s)", text->str));
}

/* Properties. */

static void
refuse_property (QuiltCall *call, const char *property)
{
  refuse (call, ERROR "UnknownProperty", "No such property “%s”", property);
}

static void
get (QuiltCall *call, GVariant *args, QuiltExport *object)
{
  g_autoptr (GVariant) value = NULL;
  const char *property = quilt_args_get_text (args, 1);

  value = quilt_export_show (object, property);
  if (value)
    quilt_call_return (call, g_variant_new ("(v)", value));
  else
    refuse_property (call, property);
}

static void
get_all (QuiltCall *call, GVariant *args, QuiltExport *object)
{
  g_autoptr (GVariant) values = quilt_export_show_all (object);

  quilt_call_return (call, g_variant_new ("(@a{sv})", values));
}

/* No property can be set. */
static void
set (QuiltCall *call, GVariant *args, QuiltExport *object)
{
  g_autoptr (GVariant) value = NULL;
  const char *property = quilt_args_get_text (args, 1);

  value = quilt_export_show (object, property);
  if (value)
    refuse (call, ERROR "PropertyReadOnly", "Property “%s” is not writable", property);
  else
    refuse_property (call, property);
}

static const struct {
  const char *method, *type;
  void (*answer) (QuiltCall *call, GVariant *args, QuiltExport *object);
} methods[] = {
    {"Get", "(ss)", get},
    {"GetAll", "(s)", get_all},
    {"Set", "(ssv)", set},
};

/* The standard interfaces have no properties. "" means all interfaces. */
static gboolean
has_interface (QuiltExport *object, const char *interface)
{
  return *interface == '\0' || g_str_equal (interface, quilt_export_get_interface (object)->name);
}

void
quilt_standard_answer_properties (QuiltCall *call, QuiltExport *object)
{
  const char *interface;
  guint i = 0;
  GVariant *args;

  while (i < G_N_ELEMENTS (methods) &&
         !g_str_equal (methods[i].method, quilt_call_get_method (call)))
    i++;
  if (!object) {
    quilt_standard_refuse_object (call);
    return;
  }
  if (i == G_N_ELEMENTS (methods)) {
    quilt_standard_refuse_method (call);
    return;
  }
  if (!quilt_standard_check_type (call, methods[i].type))
    return;
  args = quilt_call_get_args (call);
  if (!args) {
    quilt_standard_refuse_args (call);
    return;
  }
  interface = quilt_args_get_text (args, 0);
  if (has_interface (object, interface))
    methods[i].answer (call, args, object);
  else
    quilt_standard_refuse_interface (call, interface);
}
