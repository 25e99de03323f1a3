/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of an image, which may be hostile. */
#include "look/verify/root.h"

#include "base/beneath.h"
#include "base/fd.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* The same limit for links in a path as the kernel's. */
#define LINKS_MAX 40
#define LOOKS_MAX 300000
#define TIME_MAX_USEC (5 * G_USEC_PER_SEC)

struct QuiltRoot {
  int fd;
  char *working_directory;
  guint looks;
  gint64 deadline;
};

QuiltRoot *
quilt_root_new (int fd, const char *working_directory)
{
  QuiltRoot *self = g_new0 (QuiltRoot, 1);

  self->fd = fd;
  self->working_directory = g_strconcat ("/", working_directory, NULL);
  self->deadline = g_get_monotonic_time () + TIME_MAX_USEC;
  return self;
}

void
quilt_root_free (QuiltRoot *self)
{
  g_free (self->working_directory);
  g_free (self);
}

gboolean
quilt_root_is_spent (const QuiltRoot *self)
{
  return self->looks >= LOOKS_MAX || g_get_monotonic_time () > self->deadline;
}

char *
quilt_root_make_absolute (const QuiltRoot *self, const char *path)
{
  return *path == '/' ? g_strdup (path) : g_strconcat (self->working_directory, "/", path, NULL);
}

/* Returns -1 with errno set: ETIMEDOUT if looking has to end. */
static int
look (QuiltRoot *self, const char *path, int flags)
{
  g_autofree char *absolute = quilt_root_make_absolute (self, path);

  if (quilt_root_is_spent (self))
    return errno = ETIMEDOUT, -1;
  self->looks++;
  return quilt_open_in_root (self->fd, absolute, flags, 0);
}

gboolean
quilt_root_exists (QuiltRoot *self, const char *path)
{
  g_autofd int fd = look (self, path, O_PATH);

  return fd >= 0;
}

gboolean
quilt_root_has (QuiltRoot *self, const char *path)
{
  g_autofd int fd = look (self, path, O_PATH | O_NOFOLLOW);

  return fd >= 0;
}

/* Opening a FIFO could block, and opening a device can have side effects. So look at the file
 * before it is opened for reading. */
int
quilt_root_open (QuiltRoot *self, const char *path)
{
  g_autofd int fd = look (self, path, O_PATH);
  struct stat st;

  if (fd < 0 || fstat (fd, &st) < 0)
    return -1;
  if (!S_ISREG (st.st_mode))
    return errno = S_ISDIR (st.st_mode) ? EISDIR : EINVAL, -1;
  return look (self, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
}

int
quilt_root_open_directory (QuiltRoot *self, const char *path)
{
  return look (self, path, O_RDONLY | O_DIRECTORY);
}

GBytes *
quilt_root_read (QuiltRoot *self, const char *path, gsize max)
{
  g_autofd int fd = quilt_root_open (self, path);
  g_autofree char *data = NULL;
  struct stat st;
  gsize size = 0;
  ssize_t n;

  if (fd < 0 || fstat (fd, &st) < 0)
    return NULL;
  max = MIN (max, (gsize)st.st_size);
  data = g_malloc (max + 1);
  while (size < max && (n = pread (fd, data + size, max - size, (off_t)size)) != 0) {
    if (n < 0 && errno != EINTR)
      return NULL;
    size += n > 0 ? (gsize)n : 0;
  }
  return g_bytes_new_take (g_steal_pointer (&data), size);
}

void
quilt_root_entry_clear (QuiltRootEntry *entry)
{
  g_clear_pointer (&entry->path, g_free);
}

/* Adds one part to path, or removes the last one. */
static void
step (GString *path, const char *part)
{
  const char *slash = strrchr (path->str, '/');

  if (strcmp (part, "..") != 0)
    g_string_append_printf (path, "/%s", part);
  else if (slash)
    g_string_truncate (path, (gsize)(slash - path->str));
}

/* Looks at one part of a path, whose parents are not links. Returns the target if it is a link.
 * Otherwise entry->error and entry->st are set. */
static char *
look_at_part (QuiltRoot *self, const char *path, QuiltRootEntry *entry)
{
  g_autofd int fd = look (self, *path ? path : "/", O_PATH | O_NOFOLLOW);
  char target[PATH_MAX];
  ssize_t n = 0;

  entry->error = fd < 0 || fstat (fd, &entry->st) < 0 ? errno : 0;
  if (entry->error != 0 || !S_ISLNK (entry->st.st_mode))
    return NULL;
  n = readlinkat (fd, "", target, sizeof target);
  if (n > 0 && n < (ssize_t)sizeof target)
    return g_strndup (target, (gsize)n);
  entry->error = n < 0 ? errno : ENAMETOOLONG;
  return NULL;
}

/* Replaces the link that path ends with by its target. Returns what is left to follow. */
static char *
enter_link (GString *path, const char *target, const char *after)
{
  if (*target == '/')
    g_string_truncate (path, 0);
  else
    step (path, "..");
  return g_strconcat (target, "/", after, NULL);
}

void
quilt_root_follow (QuiltRoot *self, const char *path, QuiltRootEntry *ret_entry)
{
  g_autoptr (GString) done = g_string_new (NULL);
  g_autofree char *rest = quilt_root_make_absolute (self, path);
  g_autofree char *link = NULL; /* the last one */
  guint links = 0;

  look_at_part (self, "/", ret_entry);
  while (ret_entry->error == 0 && *rest) {
    const gsize start = strspn (rest, "/"), length = strcspn (rest + start, "/");
    g_autofree char *part = g_strndup (rest + start, length);
    g_autofree char *after = g_strdup (rest + start + length);
    g_autofree char *target = NULL;

    if (*part && !S_ISDIR (ret_entry->st.st_mode))
      ret_entry->error = ENOTDIR;
    if (*part && strcmp (part, ".") != 0)
      step (done, part);
    if (*part && ret_entry->error == 0)
      target = look_at_part (self, done->str, ret_entry);
    if (target && ++links > LINKS_MAX)
      ret_entry->error = ELOOP;
    if (target) {
      g_free (link);
      link = g_strdup (done->str);
    }
    g_free (rest);
    rest = target ? enter_link (done, target, after) : g_steal_pointer (&after);
    if (target && ret_entry->error == 0)
      look_at_part (self, done->str, ret_entry);
  }
  /* Name the whole path that is missing, not only its first missing part. */
  if (ret_entry->error != 0 && *rest)
    g_string_append (done, rest);
  while (done->len > 1 && done->str[done->len - 1] == '/')
    g_string_truncate (done, done->len - 1);
  ret_entry->dangling = ret_entry->error == ENOENT && link && !quilt_root_exists (self, link);
  ret_entry->path = g_strdup (done->len > 0 ? done->str : "/");
}

gboolean
quilt_root_read_at (gpointer data, guint64 offset, gpointer buffer, gsize length)
{
  ssize_t n;

  if (offset > G_MAXINT64)
    return FALSE;
  do
    n = pread (GPOINTER_TO_INT (data), buffer, length, (off_t)offset);
  while (n < 0 && errno == EINTR);
  return n >= 0 && (gsize)n == length;
}
