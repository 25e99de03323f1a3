/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.quilt.Container: the handlers of its methods. */
#include "daemon/containers/methods.h"

#include "daemon/containers/container.h"
#include "daemon/containers/edit.h"
#include "daemon/containers/inspect.h"
#include "daemon/containers/read-log.h"
#include "daemon/containers/verbs.h"
#include "dbus/server/args.h"

static void
verb (QuiltCall *call, QuiltVerbKind kind, int signal, GVariant *options, gpointer object)
{
  QuiltContainer *self = object;

  quilt_verb_on_one (quilt_container_get_containers (self), call, kind,
                     quilt_container_get_record (self)->id, signal, options);
}

/* Of a method whose only argument is options. */
static void
plain_verb (QuiltCall *call, QuiltVerbKind kind, GVariant *args, gpointer object)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);

  verb (call, kind, 0, options, object);
}

static void
handle_start (QuiltCall *call, GVariant *args, gpointer object)
{
  plain_verb (call, QUILT_VERB_START, args, object);
}

static void
handle_stop (QuiltCall *call, GVariant *args, gpointer object)
{
  plain_verb (call, QUILT_VERB_STOP, args, object);
}

static void
handle_restart (QuiltCall *call, GVariant *args, gpointer object)
{
  plain_verb (call, QUILT_VERB_RESTART, args, object);
}

static void
handle_kill (QuiltCall *call, GVariant *args, gpointer object)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);
  gint32 signal;

  g_variant_get_child (args, 0, "i", &signal);
  verb (call, QUILT_VERB_KILL, signal, options, object);
}

static void
handle_remove (QuiltCall *call, GVariant *args, gpointer object)
{
  plain_verb (call, QUILT_VERB_REMOVE, args, object);
}

static void
handle_wait (QuiltCall *call, GVariant *args, gpointer object)
{
  plain_verb (call, QUILT_VERB_WAIT, args, object);
}

static void
handle_rename (QuiltCall *call, GVariant *args, gpointer object)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 1);

  quilt_container_rename (object, call, quilt_args_get_text (args, 0), options);
}

static void
handle_update (QuiltCall *call, GVariant *args, gpointer object)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);

  quilt_container_update (object, call, options);
}

static void
handle_inspect (QuiltCall *call, GVariant *args, gpointer object)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);

  quilt_container_inspect (object, call, options);
}

static void
handle_read_log (QuiltCall *call, GVariant *args, gpointer object)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (args, 0);

  quilt_container_read_log (object, call, options);
}

const QuiltMethodHandler quilt_container_methods[] = {
    {"Start", handle_start},
    {"Stop", handle_stop},
    {"Restart", handle_restart},
    {"Kill", handle_kill},
    {"Remove", handle_remove},
    {"Wait", handle_wait},
    {"Rename", handle_rename},
    {"Update", handle_update},
    {"Inspect", handle_inspect},
    {"ReadLog", handle_read_log},
    {NULL, NULL},
};
