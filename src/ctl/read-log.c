/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's log by way of quiltd, for users who may inspect but can't read the journal. */
#include "ctl/read-log.h"

#include "base/error.h"
#include "ctl/bus.h"

#include <gio/gunixfdlist.h>

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
  g_autoptr (GUnixFDList) fds = NULL;
  g_autoptr (GVariant) reply = NULL;
  GError *cause = NULL;
  int fd;

  if (!quilt_bus_connect (ctl, error))
    return NULL;
  reply = g_dbus_connection_call_with_unix_fd_list_sync (
      ctl->connection, QUILT_BUS_NAME, path, QUILT_BUS_CONTAINER, "ReadLog",
      g_variant_new ("(@a{sv})", print_query (query)), G_VARIANT_TYPE ("(h)"),
      quilt_bus_call_flags (ctl), G_MAXINT, NULL, &fds, NULL, &cause);
  if (!reply) {
    quilt_bus_fix_error (&cause);
    g_propagate_prefixed_error (error, cause,
                                "Failed to read the journal, which is for root and the group "
                                "systemd-journal, and to have quiltd read it: ");
    return NULL;
  }
  fd = fds ? g_unix_fd_list_get (fds, 0, error) : -1;
  return fd >= 0 ? quilt_journal_open_stream (fd, query->follow) : NULL;
}
