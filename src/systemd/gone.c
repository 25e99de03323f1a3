/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits until scopes have left a slice, by the removal of their cgroups: no polling, no bus.
 *
 * systemd removes the cgroup of a unit when that becomes inactive, and collects the unit before it
 * reads its next message: whoever has seen the cgroup go can use the name again. The other way,
 * Subscribe() and UnitRemoved, makes PID 1 announce every change of every unit, for ever. */
#include "systemd/gone.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

struct QuiltGone {
  char *slice;
  int inotify_fd;
  guint source;
  GHashTable *waiters; /* name → GPtrArray of Waiter */
};

typedef struct {
  QuiltGone *gone;
  char *name;
  GTask *task;
  GSource *cancelled;
} Waiter;

static void
waiter_free (Waiter *waiter)
{
  if (waiter->cancelled) {
    g_source_destroy (waiter->cancelled);
    g_source_unref (waiter->cancelled);
  }
  g_object_unref (waiter->task);
  g_free (waiter->name);
  g_free (waiter);
}

static gboolean
is_there (QuiltGone *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->slice, name, NULL);

  return access (path, F_OK) == 0;
}

static void
finish (QuiltGone *self, const char *name)
{
  g_autoptr (GPtrArray) waiters = NULL;
  g_autofree char *key = NULL;

  /* Taken out first: whoever is told may wait for the next scope of the same name. */
  if (!g_hash_table_steal_extended (self->waiters, name, (gpointer *)&key, (gpointer *)&waiters))
    return;
  for (guint i = 0; i < waiters->len; i++)
    g_task_return_boolean (((Waiter *)waiters->pdata[i])->task, TRUE);
}

static void
look_again (QuiltGone *self)
{
  g_autofree const char **names =
      (const char **)g_hash_table_get_keys_as_array (self->waiters, NULL);

  for (const char **name = names; *name; name++)
    if (!is_there (self, *name))
      finish (self, *name);
}

static gboolean
on_inotify (int fd, GIOCondition condition, gpointer data)
{
  QuiltGone *self = data;
  union {
    struct inotify_event event;
    char bytes[4096];
  } buffer;
  ssize_t n;

  while ((n = read (fd, &buffer, sizeof buffer)) > 0) {
    const struct inotify_event *event;

    for (char *p = buffer.bytes; p < buffer.bytes + n; p += sizeof *event + event->len) {
      event = (const struct inotify_event *)p;
      if (event->mask & IN_DELETE)
        finish (self, event->name);
      else /* overflow, or the slice itself went */
        look_again (self);
    }
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Waiter *waiter = data;
  GPtrArray *waiters = g_hash_table_lookup (waiter->gone->waiters, waiter->name);

  g_task_return_new_error (waiter->task, QUILT_ERROR, QUILT_ERROR_CANCELLED,
                           "Failed to wait for the end of '%s': cancelled", waiter->name);
  if (waiters->len == 1)
    g_hash_table_remove (waiter->gone->waiters, waiter->name);
  else
    g_ptr_array_remove_fast (waiters, waiter);
  return G_SOURCE_REMOVE;
}

void
quilt_gone_wait (QuiltGone *self, const char *name, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  GPtrArray *waiters;
  Waiter *waiter;

  g_task_set_check_cancellable (task, FALSE); /* on_cancelled() does that, in words */

  /* Watch, then look: else it could go in between. The watch of an earlier call is kept as it is.
   */
  if (inotify_add_watch (self->inotify_fd, self->slice, IN_DELETE | IN_ONLYDIR) < 0 &&
      errno != ENOENT && errno != ENOTDIR) {
    g_autoptr (GError) error = NULL;

    quilt_set_error_errno (&error, errno, "Failed to watch '%s'", self->slice);
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  if (!is_there (self, name)) {
    g_task_return_boolean (task, TRUE);
    return;
  }

  waiter = g_new0 (Waiter, 1);
  waiter->gone = self;
  waiter->name = g_strdup (name);
  waiter->task = g_object_ref (task);
  if (cancellable) {
    waiter->cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (waiter->cancelled, G_SOURCE_FUNC (on_cancelled), waiter, NULL);
    g_source_attach (waiter->cancelled, g_main_context_get_thread_default ());
  }
  waiters = g_hash_table_lookup (self->waiters, name);
  if (!waiters) {
    waiters = g_ptr_array_new_with_free_func ((GDestroyNotify)waiter_free);
    g_hash_table_insert (self->waiters, g_strdup (name), waiters);
  }
  g_ptr_array_add (waiters, waiter);
}

gboolean
quilt_gone_is_empty (QuiltGone *self, const char *name)
{
  g_autofree char *path = g_build_filename (self->slice, name, "cgroup.events", NULL);
  g_autofree char *events = NULL;

  return g_file_get_contents (path, &events, NULL, NULL) && strstr (events, "populated 0\n");
}

/* Where PID 1 has its cgroups: beside its own, which is init.scope. */
static char *
system_slice (void)
{
  static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
  g_autofree char *text = NULL;
  g_autofree char *root = NULL;
  const char *mount = mounts[0];

  for (guint i = 0; i < G_N_ELEMENTS (mounts); i++) {
    struct statfs fs;

    if (statfs (mounts[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
      mount = mounts[i];
  }
  if (g_file_get_contents ("/proc/1/cgroup", &text, NULL, NULL)) {
    g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

    for (char **line = lines; *line; line++)
      if (g_str_has_prefix (*line, "0::/"))
        root = g_strdup (*line + strlen ("0::"));
  }
  if (root && g_str_has_suffix (root, "/init.scope"))
    root[strlen (root) - strlen ("/init.scope")] = '\0';
  return g_build_filename (mount, root ? root : "", "quilt.slice", NULL);
}

QuiltGone *
quilt_gone_new (const char *slice)
{
  QuiltGone *self = g_new0 (QuiltGone, 1);

  /* Without a descriptor each wait fails, and says why. */
  self->inotify_fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  self->slice = slice ? g_strdup (slice) : system_slice ();
  self->waiters =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  if (self->inotify_fd >= 0)
    self->source = g_unix_fd_add (self->inotify_fd, G_IO_IN, on_inotify, self);
  return self;
}

void
quilt_gone_free (QuiltGone *self)
{
  GHashTableIter iter;
  GPtrArray *waiters;

  g_hash_table_iter_init (&iter, self->waiters);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&waiters))
    for (guint i = 0; i < waiters->len; i++)
      g_task_return_new_error (((Waiter *)waiters->pdata[i])->task, QUILT_ERROR,
                               QUILT_ERROR_CANCELLED, "quiltd is going away");
  g_hash_table_unref (self->waiters);
  if (self->source != 0)
    g_source_remove (self->source);
  quilt_fd_clear (&self->inotify_fd);
  g_free (self->slice);
  g_free (self);
}
