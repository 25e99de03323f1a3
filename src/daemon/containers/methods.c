/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Container: the handlers of its methods. */
#include "daemon/containers/methods.h"

#include "daemon/containers/container.h"
#include "daemon/containers/edit.h"
#include "daemon/containers/inspect.h"
#include "daemon/containers/read-log.h"
#include "daemon/containers/verbs.h"

static void
verb (QuiltBusContainer *iface,
      GDBusMethodInvocation *call,
      QuiltVerbKind kind,
      int signal,
      GVariant *options)
{
  QuiltContainer *self = QUILT_CONTAINER (iface);

  quilt_verb_on_one (quilt_container_get_containers (self), call, kind,
                     quilt_container_get_record (self)->id, signal, options);
}

static gboolean
handle_start (QuiltBusContainer *iface, GDBusMethodInvocation *call, GVariant *options)
{
  verb (iface, call, QUILT_VERB_START, 0, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_stop (QuiltBusContainer *iface, GDBusMethodInvocation *call, GVariant *options)
{
  verb (iface, call, QUILT_VERB_STOP, 0, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_restart (QuiltBusContainer *iface, GDBusMethodInvocation *call, GVariant *options)
{
  verb (iface, call, QUILT_VERB_RESTART, 0, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_kill (QuiltBusContainer *iface, GDBusMethodInvocation *call, int signal, GVariant *options)
{
  verb (iface, call, QUILT_VERB_KILL, signal, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_remove (QuiltBusContainer *iface, GDBusMethodInvocation *call, GVariant *options)
{
  verb (iface, call, QUILT_VERB_REMOVE, 0, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_wait (QuiltBusContainer *iface, GDBusMethodInvocation *call, GVariant *options)
{
  verb (iface, call, QUILT_VERB_WAIT, 0, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_rename (QuiltBusContainer *iface,
               GDBusMethodInvocation *call,
               const char *name,
               GVariant *options)
{
  quilt_container_rename (QUILT_CONTAINER (iface), call, name, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_update (QuiltBusContainer *iface, GDBusMethodInvocation *call, GVariant *options)
{
  quilt_container_update (QUILT_CONTAINER (iface), call, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_inspect (QuiltBusContainer *iface, GDBusMethodInvocation *call, GVariant *options)
{
  quilt_container_inspect (QUILT_CONTAINER (iface), call, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
handle_read_log (QuiltBusContainer *iface,
                 GDBusMethodInvocation *call,
                 GUnixFDList *fds,
                 GVariant *options)
{
  quilt_container_read_log (QUILT_CONTAINER (iface), call, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
quilt_container_methods_install (void)
{
  gpointer class = g_type_class_ref (QUILT_TYPE_CONTAINER); /* for ever */
  QuiltBusContainerIface *iface = g_type_interface_peek (class, QUILT_BUS_TYPE_CONTAINER);

  iface->handle_start = handle_start;
  iface->handle_stop = handle_stop;
  iface->handle_restart = handle_restart;
  iface->handle_kill = handle_kill;
  iface->handle_remove = handle_remove;
  iface->handle_wait = handle_wait;
  iface->handle_rename = handle_rename;
  iface->handle_update = handle_update;
  iface->handle_inspect = handle_inspect;
  iface->handle_read_log = handle_read_log;
}
