/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One process of a container, as rows show it. */
#include "look/host-process.h"

#include "base/fd.h"
#include "cgroup/tree.h"
#include "spec/id-map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define SMALL_MAX (64 * 1024)
/* The line "Groups:" precedes the pids, and has up to 65,536 ids. */
#define STATUS_MAX (1024 * 1024)

#define USEC 1000000

int
quilt_host_process_open (pid_t pid)
{
  char path[32];

  g_snprintf (path, sizeof path, "/proc/%d", (int)pid);
  return open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Reads at most max bytes. Files in /proc have no size. Returns NULL with errno set. */
static GString *
read_file (int dir_fd, const char *name, gsize max)
{
  g_autofd int fd = openat (dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  g_autoptr (GString) text = g_string_sized_new (4096);
  char buffer[4096];
  ssize_t n = 1;

  if (fd < 0)
    return NULL;
  while (n != 0 && text->len < max) {
    n = read (fd, buffer, MIN (sizeof buffer, max - text->len));
    if (n < 0 && errno != EINTR)
      return NULL;
    if (n > 0)
      g_string_append_len (text, buffer, n);
  }
  return g_steal_pointer (&text);
}

QuiltHostProcess *
quilt_host_process_read (int fd, pid_t pid)
{
  g_autoptr (GString) stat = read_file (fd, "stat", SMALL_MAX);
  g_autoptr (GString) status = stat ? read_file (fd, "status", STATUS_MAX) : NULL;
  g_autoptr (QuiltHostProcess) self = g_new0 (QuiltHostProcess, 1);

  self->pid = pid;
  if (!status || !quilt_proc_parse_stat (stat->str, &self->stat) ||
      !quilt_proc_parse_status (status->str, &self->status))
    return NULL;
  return g_steal_pointer (&self);
}

char **
quilt_host_process_read_command (int fd, gboolean *ret_cut)
{
  g_autoptr (GString) bytes = read_file (fd, "cmdline", QUILT_HOST_PROCESS_COMMAND_MAX + 1);
  gboolean is_long, has_more;
  char **command;

  if (!bytes)
    return NULL;
  is_long = bytes->len > QUILT_HOST_PROCESS_COMMAND_MAX;
  command = quilt_proc_split_command (bytes->str, MIN (bytes->len, QUILT_HOST_PROCESS_COMMAND_MAX),
                                      QUILT_HOST_PROCESS_ARGS_MAX, &has_more);
  *ret_cut = is_long || has_more;
  return command;
}

char *
quilt_host_process_read_cgroup (int fd)
{
  g_autoptr (GString) text = read_file (fd, "cgroup", SMALL_MAX);

  return text ? quilt_cgroup_parse_self (text->str) : NULL;
}

void
quilt_host_process_free (QuiltHostProcess *self)
{
  g_strfreev (self->command);
  g_free (self);
}

static guint64
ticks_to_usec (guint64 ticks)
{
  const guint64 per_second = (guint64)sysconf (_SC_CLK_TCK);

  return ticks / per_second * USEC + ticks % per_second * USEC / per_second;
}

static guint64
read_clock (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return (guint64)now.tv_sec * USEC + (guint64)now.tv_nsec / 1000;
}

/* The time when the process started. The kernel counts from the boot. */
static guint64
get_started (const QuiltHostProcess *self)
{
  const guint64 since_boot = read_clock (CLOCK_BOOTTIME);

  return read_clock (CLOCK_REALTIME) -
         (since_boot - MIN (ticks_to_usec (self->stat.start_ticks), since_boot));
}

static void
add_uint32 (GVariantBuilder *row, const char *key, guint32 value)
{
  g_variant_builder_add (row, "{sv}", key, g_variant_new_uint32 (value));
}

static void
add_uint64 (GVariantBuilder *row, const char *key, guint64 value)
{
  g_variant_builder_add (row, "{sv}", key, g_variant_new_uint64 (value));
}

GVariant *
quilt_host_process_to_row (const QuiltHostProcess *self, const QuiltProcessView *view)
{
  const char state[] = {self->stat.state, '\0'};
  GVariantBuilder row = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  guint32 uid = self->status.uid;

  add_uint32 (&row, "host-pid", (guint32)self->pid);
  if (view->level_known && view->level < self->status.n_pids)
    add_uint32 (&row, "pid", (guint32)self->status.pids[view->level]);
  add_uint32 (&row, "host-parent", (guint32)self->stat.parent);
  add_uint32 (&row, "host-uid", uid);
  if (!view->uid_map || quilt_id_map_find_inside (view->uid_map, uid, &uid))
    add_uint32 (&row, "uid", uid);
  g_variant_builder_add (&row, "{sv}", "state",
                         g_variant_new_string (g_ascii_isalpha (*state) ? state : "?"));
  add_uint32 (&row, "threads", self->stat.threads);
  add_uint64 (&row, "cpu", ticks_to_usec (self->stat.cpu_ticks));
  add_uint64 (&row, "memory", self->stat.memory_pages * (guint64)sysconf (_SC_PAGESIZE));
  add_uint64 (&row, "started", get_started (self));
  g_variant_builder_add (&row, "{sv}", "name", g_variant_new_bytestring (self->stat.name));
  if (self->command)
    g_variant_builder_add (&row, "{sv}", "command",
                           g_variant_new_bytestring_array ((const char *const *)self->command, -1));
  if (self->command_cut)
    g_variant_builder_add (&row, "{sv}", "command-cut", g_variant_new_boolean (TRUE));
  return g_variant_builder_end (&row);
}
