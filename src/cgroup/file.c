/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and writing the files of cgroups: cgroup-v2.rst of the kernel. */
#include "cgroup/file.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

char *
quilt_cgroup_read (int dir_fd, const char *name)
{
  g_autofd int fd = openat (dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  g_autoptr (GString) text = g_string_sized_new (4096);
  ssize_t n;

  if (fd < 0)
    return NULL;
  do {
    gsize length = text->len;

    g_string_set_size (text, length + 4096);
    n = read (fd, text->str + length, 4096);
    g_string_set_size (text, length + (n > 0 ? (gsize)n : 0));
  } while (n > 0);
  if (n < 0)
    return NULL;
  if (text->len > 0 && text->str[text->len - 1] == '\n')
    g_string_truncate (text, text->len - 1);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

char *
quilt_cgroup_read_in (const char *cgroup, const char *name)
{
  g_autofree char *path = g_build_filename (cgroup, name, NULL);

  return quilt_cgroup_read (AT_FDCWD, path);
}

gboolean
quilt_cgroup_read_number (int dir_fd, const char *name, guint64 *ret_value)
{
  g_autofree char *text = quilt_cgroup_read (dir_fd, name);

  if (!text)
    return FALSE;
  if (strcmp (text, "max") == 0)
    return *ret_value = G_MAXUINT64, TRUE;
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64, ret_value, NULL);
}

gboolean
quilt_cgroup_write (int dir_fd, const char *name, const char *text)
{
  g_autofd int fd = openat (dir_fd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

  return fd >= 0 && write (fd, text, strlen (text)) >= 0;
}

gboolean
quilt_cgroup_find_key (const char *text, const char *key, guint64 *ret_value)
{
  const gsize length = strlen (key);

  for (const char *line = text; line;) {
    if (strncmp (line, key, length) == 0 && line[length] == ' ' &&
        g_ascii_isdigit (line[length + 1]))
      return *ret_value = g_ascii_strtoull (line + length + 1, NULL, 10), TRUE;
    line = strchr (line, '\n');
    line = line ? line + 1 : NULL;
  }
  return FALSE;
}

gboolean
quilt_cgroup_pread_key (int fd, const char *key, guint64 *ret_value)
{
  char text[4096];
  ssize_t n = pread (fd, text, sizeof text - 1, 0);

  if (n < 0)
    return FALSE;
  text[n] = '\0';
  return quilt_cgroup_find_key (text, key, ret_value) || (errno = ENODATA, FALSE);
}

gboolean
quilt_cgroup_read_key (int dir_fd, const char *name, const char *key, guint64 *ret_value)
{
  g_autofd int fd = openat (dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

  return fd >= 0 && quilt_cgroup_pread_key (fd, key, ret_value);
}

gboolean
quilt_cgroup_is_gone (int errsv)
{
  return errsv == ENOENT || errsv == ENODEV;
}
