/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits until scopes are empty, or have left a slice, by watching their cgroups, without polling or
 * the bus. When a unit becomes inactive, systemd removes the unit's cgroup, and collects the unit
 * before it reads its next message. So once the cgroup has vanished, the unit's name can be used
 * again. The alternative, Subscribe() and UnitRemoved, makes PID 1 announce every change of every
 * unit for ever. */
#include "systemd/gone.h"

#include "base/error.h"
#include "base/fd.h"
#include "spec/slice.h"
#include "systemd/cgroup.h"
#include "systemd/empty.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* The polling interval, used if the kernel has no inotify instance or watch left for us. */
#define LOOK_MS 50

struct QuiltGone {
  char *slice;
  int inotify_fd; /* -1: none */
  guint source;
  guint looking;
  GHashTable *scopes;  /* place → Scope, for the scopes that a caller waits for */
  GHashTable *watches; /* inotify's number → place of the slice, "" or "quilt-batch.slice/" */
  QuiltGoneHurryFunc hurry;
  gpointer hurry_data;
};

typedef struct {
  QuiltGone *gone;
  char *place;
  guint64 inode;      /* inode of its cgroup: another scope may be at this place later */
  GPtrArray *waiters; /* of Waiter */
  QuiltEmpty *empty;
  gboolean is_empty; /* the cgroup is empty, and systemd was told; no caller needs to wait longer */
} Scope;

typedef struct {
  Scope *scope;
  GTask *task;
  GSource *cancelled;
  gboolean until_empty; /* wait until the scope is empty, not until it is gone */
} Waiter;

static void
waiter_free (Waiter *waiter)
{
  if (waiter->cancelled) {
    g_source_destroy (waiter->cancelled);
    g_source_unref (waiter->cancelled);
  }
  g_object_unref (waiter->task);
  g_free (waiter);
}

static void
scope_free (Scope *scope)
{
  g_ptr_array_unref (scope->waiters);
  quilt_empty_free (scope->empty);
  g_free (scope->place);
  g_free (scope);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scope, scope_free)

static void
answer (GPtrArray *waiters)
{
  for (guint i = 0; i < waiters->len; i++)
    g_task_return_boolean (((Waiter *)waiters->pdata[i])->task, TRUE);
}

static void
on_empty (gpointer data)
{
  Scope *scope = data;
  QuiltGone *self = scope->gone;
  g_autoptr (GPtrArray) content = g_ptr_array_new_with_free_func ((GDestroyNotify)waiter_free);

  for (guint i = scope->waiters->len; i > 0; i--)
    if (((Waiter *)scope->waiters->pdata[i - 1])->until_empty)
      g_ptr_array_add (content, g_ptr_array_steal_index_fast (scope->waiters, i - 1));
  scope->is_empty = TRUE;
  self->hurry (scope->place, self->hurry_data);
  answer (content);
}

/* The inode of a scope's cgroup; 0 if the cgroup does not exist. */
static guint64
find_inode (QuiltGone *self, const char *place)
{
  g_autofree char *path = g_build_filename (self->slice, place, NULL);
  struct stat st;

  return stat (path, &st) == 0 ? st.st_ino : 0;
}

static Scope *
ensure_scope (QuiltGone *self, const char *place, guint64 inode)
{
  Scope *scope = g_hash_table_lookup (self->scopes, place);
  g_autofree char *path = NULL;

  if (scope)
    return scope;
  path = g_build_filename (self->slice, place, NULL);
  scope = g_new0 (Scope, 1);
  scope->gone = self;
  scope->place = g_strdup (place);
  scope->inode = inode;
  scope->waiters = g_ptr_array_new_with_free_func ((GDestroyNotify)waiter_free);
  scope->empty = quilt_empty_new (path, on_empty, scope);
  g_hash_table_insert (self->scopes, scope->place, scope);
  return scope;
}

/* Answers the waiters, unless the same cgroup is still at that place. */
static void
finish_if_gone (QuiltGone *self, const char *place)
{
  const Scope *known = g_hash_table_lookup (self->scopes, place);
  g_autoptr (Scope) scope = NULL;

  if (!known || find_inode (self, place) == known->inode)
    return;
  /* Remove it first: the callback may wait for the next scope at the same place. */
  g_hash_table_steal_extended (self->scopes, place, NULL, (gpointer *)&scope);
  answer (scope->waiters);
}

static void
look_again (QuiltGone *self)
{
  g_autofree const char **places =
      (const char **)g_hash_table_get_keys_as_array (self->scopes, NULL);

  for (const char **place = places; *place; place++)
    finish_if_gone (self, *place);
}

static gboolean
on_look (gpointer data)
{
  QuiltGone *self = data;

  look_again (self);
  if (g_hash_table_size (self->scopes) > 0)
    return G_SOURCE_CONTINUE;
  self->looking = 0;
  return G_SOURCE_REMOVE;
}

static void
on_event (QuiltGone *self, const struct inotify_event *event)
{
  gpointer watch = GINT_TO_POINTER (event->wd);
  const char *slice = g_hash_table_lookup (self->watches, watch);

  if (slice && event->mask & IN_DELETE) {
    g_autofree char *place = g_strconcat (slice, event->name, NULL);

    finish_if_gone (self, place);
    return;
  }
  if (event->mask & IN_IGNORED)
    g_hash_table_remove (self->watches, watch);
  look_again (self); /* events were lost, or the slice's own cgroup is gone */
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
      on_event (self, event);
    }
  }
  return G_SOURCE_CONTINUE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Waiter *waiter = data;
  Scope *scope = waiter->scope;

  g_task_return_new_error (waiter->task, QUILT_ERROR, QUILT_ERROR_CANCELLED,
                           "Failed to wait for the end of '%s': cancelled", scope->place);
  g_ptr_array_remove_fast (scope->waiters, waiter);
  if (scope->waiters->len == 0 && !scope->is_empty)
    g_hash_table_remove (scope->gone->scopes, scope->place);
  return G_SOURCE_REMOVE;
}

static void
add_waiter (Scope *scope, gboolean until_empty, GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->scope = scope;
  waiter->task = g_object_ref (task);
  waiter->until_empty = until_empty;
  if (cancellable) {
    waiter->cancelled = g_cancellable_source_new (cancellable);
    g_source_set_callback (waiter->cancelled, G_SOURCE_FUNC (on_cancelled), waiter, NULL);
    g_source_attach (waiter->cancelled, g_task_get_context (task));
  }
  g_ptr_array_add (scope->waiters, waiter);
}

/* Watches the scope's slice. If the slice is already watched, its watch stays. */
static gboolean
watch (const QuiltGone *self, const char *place)
{
  g_autofree char *slice = g_strndup (place, (gsize)(quilt_place_unit (place) - place));
  g_autofree char *path = g_build_filename (self->slice, slice, NULL);
  int number = inotify_add_watch (self->inotify_fd, path, IN_DELETE | IN_ONLYDIR);

  if (number < 0)
    return errno == ENOENT || errno == ENOTDIR;
  if (!g_hash_table_contains (self->watches, GINT_TO_POINTER (number)))
    g_hash_table_insert (self->watches, GINT_TO_POINTER (number), g_steal_pointer (&slice));
  return TRUE;
}

static void
begin_wait (QuiltGone *self, const char *place, gboolean until_empty, GTask *task)
{
  guint64 inode;
  Scope *scope;

  g_task_set_check_cancellable (task, FALSE); /* on_cancelled() sets an error with more detail */

  /* Add the watch before looking, or the scope could vanish in between. */
  if (!watch (self, place) && !self->looking)
    self->looking = g_timeout_add (LOOK_MS, on_look, self);
  finish_if_gone (self, place);
  inode = find_inode (self, place);
  scope = inode ? ensure_scope (self, place, inode) : NULL;
  if (!scope || (until_empty && scope->is_empty)) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  if (scope->is_empty)
    self->hurry (place, self->hurry_data);
  add_waiter (scope, until_empty, task);
}

void
quilt_gone_wait (QuiltGone *self, const char *place, GTask *task)
{
  begin_wait (self, place, FALSE, task);
}

void
quilt_gone_wait_empty (QuiltGone *self, const char *place, GTask *task)
{
  begin_wait (self, place, TRUE, task);
}

void
quilt_gone_wait_left (QuiltGone *self, const char *place, GTask *task)
{
  Scope *scope;

  finish_if_gone (self, place);
  scope = g_hash_table_lookup (self->scopes, place);
  if (scope && scope->is_empty)
    add_waiter (scope, FALSE, task);
  else
    g_task_return_boolean (task, TRUE);
}

QuiltGone *
quilt_gone_new (const char *slice, QuiltGoneHurryFunc hurry, gpointer data)
{
  QuiltGone *self = g_new0 (QuiltGone, 1);

  self->inotify_fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  self->slice = slice ? g_strdup (slice) : quilt_slice_path ();
  self->scopes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)scope_free);
  self->watches = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->hurry = hurry;
  self->hurry_data = data;
  if (self->inotify_fd >= 0)
    self->source = g_unix_fd_add (self->inotify_fd, G_IO_IN, on_inotify, self);
  return self;
}

void
quilt_gone_free (QuiltGone *self)
{
  GHashTableIter iter;
  Scope *scope;

  g_hash_table_iter_init (&iter, self->scopes);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&scope))
    for (guint i = 0; i < scope->waiters->len; i++)
      g_task_return_new_error (((Waiter *)scope->waiters->pdata[i])->task, QUILT_ERROR,
                               QUILT_ERROR_CANCELLED, "quiltd is shutting down");
  g_hash_table_unref (self->scopes);
  g_hash_table_unref (self->watches);
  if (self->source != 0)
    g_source_remove (self->source);
  if (self->looking != 0)
    g_source_remove (self->looking);
  quilt_fd_clear (&self->inotify_fd);
  g_free (self->slice);
  g_free (self);
}
