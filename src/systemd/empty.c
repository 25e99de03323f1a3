/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Detects that a cgroup has become empty, sooner than the kernel's cgroup.events. The kernel
 * reports cgroup.events at most every 10 ms, rounded up to ticks: after a change 3 ms ago, the next
 * report may take another 13 ms. A pidfd reports the end of its process at once. */
#include "systemd/empty.h"

#include "base/fd.h"
#include "cgroup/file.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A process that has ended stays listed in its cgroup until it is switched out for the last
 * time. */
#define TRIES 20

struct QuiltEmpty {
  char *path;
  void (*callback) (gpointer data);
  gpointer data;
  guint source;
  guint tries;
  int pidfd;
};

/* A process in the cgroup at path itself. Returns 0 if there is none, or it can't be seen. */
static int
find_in (const char *path)
{
  g_autofree char *text = quilt_cgroup_read_in (path, "cgroup.procs");
  gint64 pid = 0;

  if (!text)
    return 0;
  text[strcspn (text, "\n")] = '\0';
  return g_ascii_string_to_signed (text, 10, 1, G_MAXINT, &pid, NULL) ? (int)pid : 0;
}

static int
find_process (QuiltEmpty *self)
{
  g_autoptr (GDir) dir = NULL;
  int pid = find_in (self->path);
  const char *name;

  if (pid != 0)
    return pid;
  dir = g_dir_open (self->path, 0, NULL);
  while (dir && pid == 0 && (name = g_dir_read_name (dir))) {
    g_autofree char *child = g_build_filename (self->path, name, NULL);

    pid = find_in (child);
  }
  return pid;
}

static gboolean
is_populated (QuiltEmpty *self)
{
  g_autofree char *file = g_build_filename (self->path, "cgroup.events", NULL);
  guint64 populated;

  return !quilt_cgroup_read_key (AT_FDCWD, file, "populated", &populated) || populated;
}

static gboolean look (gpointer data);

static gboolean
on_ended (int pidfd, GIOCondition condition, gpointer data)
{
  return look (data);
}

/* Watch one process at a time: when it ends, look for the next. */
static gboolean
look (gpointer data)
{
  QuiltEmpty *self = data;
  int pid;

  self->source = 0;
  quilt_fd_clear (&self->pidfd);
  if (!is_populated (self)) {
    self->callback (self->data); /* the callback may free self */
    return G_SOURCE_REMOVE;
  }
  pid = find_process (self);
  if (pid != 0)
    self->pidfd = (int)syscall (SYS_pidfd_open, pid, 0);
  if (self->pidfd >= 0)
    self->source = g_unix_fd_add (self->pidfd, G_IO_IN, on_ended, self);
  else if (self->tries++ < TRIES)
    self->source = g_timeout_add (1, look, self);
  return G_SOURCE_REMOVE;
}

QuiltEmpty *
quilt_empty_new (const char *path, void (*callback) (gpointer data), gpointer data)
{
  QuiltEmpty *self = g_new0 (QuiltEmpty, 1);

  self->path = g_strdup (path);
  self->callback = callback;
  self->data = data;
  self->pidfd = -1;
  self->source = g_idle_add_full (G_PRIORITY_DEFAULT, look, self, NULL);
  return self;
}

void
quilt_empty_free (QuiltEmpty *self)
{
  if (!self)
    return;
  if (self->source != 0)
    g_source_remove (self->source);
  quilt_fd_clear (&self->pidfd);
  g_free (self->path);
  g_free (self);
}
