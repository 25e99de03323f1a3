/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a container's log through quiltd, for users that may inspect the container but can't read
 * the journal. */
#include "ctl/verbs/read-log.h"

#include "ctl/bus.h"

static GVariant *
print_query (const QuiltLogQuery *query)
{
  GVariantDict options;

  g_variant_dict_init (&options, NULL);
  g_variant_dict_insert (&options, "since", "t", query->since_usec);
  g_variant_dict_insert (&options, "until", "t", query->until_usec);
  g_variant_dict_insert (&options, "lines", "t", query->lines);
  g_variant_dict_insert (&options, "follow", "b", query->follow);
  if (query->stream)
    g_variant_dict_insert (&options, "stream", "s", query->stream);
  return g_variant_dict_end (&options);
}

QuiltJournal *
quilt_read_log (QuiltCtl *ctl, const char *path, const QuiltLogQuery *query, GError **error)
{
  const QuiltDbusCall call =
      quilt_bus_make_call (ctl, path, QUILT_BUS_CONTAINER, "ReadLog",
                           g_variant_new ("(@a{sv})", print_query (query)), "(h)");
  g_auto (QuiltDbusReply) reply = {0};
  gint32 index; /* an index into reply.fds, which the client has checked */

  if (!quilt_bus_connect (ctl, error))
    return NULL;
  quilt_dbus_call_sync (ctl->connection, &call, -1, &reply);
  if (!reply.body) {
    quilt_bus_fix_error (&reply.error);
    g_propagate_prefixed_error (error, g_steal_pointer (&reply.error),
                                "Failed to read the journal (only root and the group "
                                "systemd-journal may), and to read it through quiltd: ");
    return NULL;
  }
  g_variant_get (reply.body, "(h)", &index);
  return quilt_journal_open_stream (g_steal_fd (&reply.fds[index]), query->follow);
}
