/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The system call filters of containers. */
#include "daemon/helpers/filters.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "daemon/helpers/helper.h"
#include "spec/options/options.h"
#include "spec/seccomp/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Each filter takes a descriptor and some 10 KB. */
#define FILTERS_MAX 64

struct QuiltFilters {
  char *program;
  int helpers_fd;
  int cache_fd; /* -1: none */
  struct utsname host;
  GHashTable *ready;   /* profile and capabilities → Filter */
  GHashTable *pending; /* profile and capabilities → Making */
};

typedef struct {
  int fd;
  char *key;
} Filter;

/* A filter that quilt-seccomp is making. */
typedef struct {
  QuiltFilters *filters;
  char *name; /* key in the tables */
  QuiltHelper *helper;
  int fd;             /* memory file for the answer */
  GPtrArray *waiters; /* of GTask */
} Making;

static void
filter_free (gpointer data)
{
  Filter *filter = data;

  quilt_fd_clear (&filter->fd);
  g_free (filter->key);
  g_free (filter);
}

static void
making_free (gpointer data)
{
  Making *making = data;

  quilt_helper_free (making->helper);
  quilt_fd_clear (&making->fd);
  g_ptr_array_unref (making->waiters);
  g_free (making->name);
  g_free (making);
}

static int
open_cache (const char *path)
{
  g_autoptr (GError) error = NULL;
  g_autofd int fd = -1;
  int cache_fd = -1;

  if (g_mkdir_with_parents (path, 0700) < 0)
    quilt_set_error_errno (&error, errno, "Failed to make directory '%s'", path);
  else if ((fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
    quilt_set_error_errno (&error, errno, "Failed to open directory '%s'", path);
  else
    cache_fd = quilt_dir_ensure (fd, "seccomp", &error);
  if (error)
    g_warning ("System call filters are not cached: %s", error->message);
  return cache_fd;
}

QuiltFilters *
quilt_filters_new (const char *libexec_dir, int helpers_fd, const char *cache_dir)
{
  QuiltFilters *self = g_new0 (QuiltFilters, 1);

  self->program = g_build_filename (libexec_dir, "quilt-seccomp", NULL);
  self->helpers_fd = helpers_fd;
  self->cache_fd = open_cache (cache_dir);
  uname (&self->host);
  self->ready = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, filter_free);
  self->pending = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, making_free);
  return self;
}

void
quilt_filters_free (QuiltFilters *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->pending);
  g_hash_table_unref (self->ready);
  quilt_fd_clear (&self->cache_fd);
  g_free (self->program);
  g_free (self);
}

static gboolean
is_unconfined (const char *profile)
{
  return g_strcmp0 (profile, QUILT_SECCOMP_UNCONFINED) == 0;
}

static gboolean
is_default (const char *profile)
{
  return !profile || g_str_equal (profile, QUILT_SECCOMP_DEFAULT);
}

static char *
name_of (const char *profile, guint64 caps)
{
  return g_strdup_printf ("%" G_GINT64_MODIFIER "x %s", caps, is_default (profile) ? "" : profile);
}

gboolean
quilt_filters_find (
    QuiltFilters *self, const char *profile, guint64 caps, int *ret_fd, const char **ret_key)
{
  g_autofree char *name = is_unconfined (profile) ? NULL : name_of (profile, caps);
  const Filter *filter = name ? g_hash_table_lookup (self->ready, name) : NULL;

  if (name && !filter)
    return FALSE;
  *ret_fd = filter ? filter->fd : -1;
  *ret_key = filter ? filter->key : NULL;
  return TRUE;
}

gboolean
quilt_filters_describe (QuiltFilters *self,
                        const char *profile,
                        guint64 caps,
                        QuiltSeccomp **ret_seccomp,
                        GError **error)
{
  const char *text = is_default (profile) ? quilt_seccomp_default_profile () : profile;
  g_autoptr (QuiltSeccomp) parsed = NULL;
  QuiltSeccompTarget target;

  if (is_unconfined (profile)) {
    *ret_seccomp = NULL;
    return TRUE;
  }
  parsed = quilt_seccomp_profile_parse (text, strlen (text), error);
  if (!parsed ||
      !quilt_seccomp_target_init (&target, self->host.machine, self->host.release, caps, error))
    return FALSE;
  *ret_seccomp = quilt_seccomp_resolve (parsed, &target);
  return TRUE;
}

/* Checks that the file is sealed and contains a valid filter. */
static gboolean
check_answer (int fd, GError **error)
{
  g_autofree guint8 *data = g_malloc (QUILT_FILTER_SIZE_MAX + 1);
  g_autoptr (GBytes) bytes = NULL;
  ssize_t n;

  if (fcntl (fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0 ||
      (n = pread (fd, data, QUILT_FILTER_SIZE_MAX + 1, 0)) < 0)
    return quilt_set_error_errno (error, errno, "Failed to receive a compiled filter");
  bytes = g_bytes_new_take (g_steal_pointer (&data), (gsize)n);
  return quilt_filter_check (bytes, error);
}

/* If the table is full, drops all filters: running containers have theirs, and later starts make
 * them again. */
static void
keep (QuiltFilters *self, Making *making, const char *key)
{
  Filter *filter = g_new0 (Filter, 1);

  if (g_hash_table_size (self->ready) >= FILTERS_MAX)
    g_hash_table_remove_all (self->ready);
  filter->fd = g_steal_fd (&making->fd);
  filter->key = g_strdup (key);
  g_hash_table_insert (self->ready, g_strdup (making->name), filter);
}

/* Frees making. */
static void
answer (Making *making, const GError *error)
{
  g_autoptr (GPtrArray) waiters = g_ptr_array_ref (making->waiters);

  g_hash_table_remove (making->filters->pending, making->name);
  for (guint i = 0; i < waiters->len; i++) {
    if (error)
      g_task_return_error (waiters->pdata[i], g_error_copy (error));
    else
      g_task_return_boolean (waiters->pdata[i], TRUE);
  }
}

static void
on_message (const QuiltMessage *message, gpointer data)
{
  Making *making = data;
  g_autoptr (GError) error = NULL;

  if (message->type == QUILT_MESSAGE_ERROR)
    g_set_error_literal (&error, QUILT_ERROR, message->code, message->text);
  else if (message->type != QUILT_MESSAGE_DONE)
    g_set_error (&error, QUILT_ERROR, QUILT_ERROR_FAILED,
                 "quilt-seccomp sent an unknown message %u", message->type);
  else if (check_answer (making->fd, &error))
    keep (making->filters, making, message->text);
  if (!error)
    g_debug ("Filter %s was %s", message->text, message->exit_code ? "cached" : "compiled");
  answer (making, error);
}

static void
on_closed (gpointer data)
{
  g_autoptr (GError) error = g_error_new (QUILT_ERROR, QUILT_ERROR_FAILED,
                                          "quilt-seccomp ended before the system call filter was "
                                          "compiled: see 'journalctl -u quiltd.service'");

  answer (data, error);
}

static const QuiltHelperEvents helper_events = {on_message, on_closed};

static int
write_rules (const QuiltSeccomp *seccomp, GError **error)
{
  g_autoptr (json_object) object = quilt_seccomp_to_json (seccomp);
  g_autofree char *text = quilt_json_print (object, FALSE);
  g_autofd int fd = memfd_create ("rules", MFD_CLOEXEC);

  if (fd < 0 || !quilt_fd_write_all (fd, text, strlen (text))) {
    quilt_set_error_errno (error, errno, "Failed to write a seccomp profile to memory");
    return -1;
  }
  return g_steal_fd (&fd);
}

static gboolean
begin (Making *making, const char *profile, guint64 caps, GError **error)
{
  QuiltFilters *self = making->filters;
  const char *argv[] = {self->program, NULL};
  g_autoptr (QuiltSeccomp) seccomp = NULL;
  g_autofd int rules = -1;

  if (!quilt_filters_describe (self, profile, caps, &seccomp, error))
    return FALSE;
  rules = write_rules (seccomp, error);
  if (rules < 0)
    return FALSE;
  making->fd = memfd_create ("filter", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (making->fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to make a memory file");
  making->helper =
      quilt_helper_spawn (self->helpers_fd, argv, (const int[]){rules, self->cache_fd, making->fd},
                          3, &helper_events, making, error);
  return making->helper != NULL;
}

void
quilt_filters_make_async (QuiltFilters *self,
                          const char *profile,
                          guint64 caps,
                          GAsyncReadyCallback callback,
                          gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, callback, data);
  g_autofree char *name = name_of (profile, caps);
  g_autoptr (GError) error = NULL;
  const char *key;
  Making *making;
  int fd;

  if (quilt_filters_find (self, profile, caps, &fd, &key)) {
    g_task_return_boolean (task, TRUE);
    return;
  }
  making = g_hash_table_lookup (self->pending, name);
  if (making) {
    g_ptr_array_add (making->waiters, g_steal_pointer (&task));
    return;
  }
  making = g_new0 (Making, 1);
  making->filters = self;
  making->name = g_steal_pointer (&name);
  making->fd = -1;
  making->waiters = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (making->waiters, g_steal_pointer (&task));
  g_hash_table_insert (self->pending, making->name, making);
  if (!begin (making, profile, caps, &error))
    answer (making, error);
}

gboolean
quilt_filters_make_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
