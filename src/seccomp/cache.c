/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache of compiled filters on disk. */
#include <config.h>

#include "seccomp/cache.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "seccomp/compile.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

char *
quilt_cache_key (const QuiltSeccomp *seccomp)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autoptr (json_object) object = quilt_seccomp_to_json (seccomp);
  g_autofree char *rules = quilt_json_print (object, FALSE);
  g_autofree char *version = quilt_compile_version ();
  struct utsname name;

  uname (&name);
  /* Include the terminating NULs, so that adjacent texts can't be confused. */
  g_checksum_update (sum, (const guchar *)QUILT_VERSION, sizeof QUILT_VERSION);
  g_checksum_update (sum, (const guchar *)version, (gssize)strlen (version) + 1);
  g_checksum_update (sum, (const guchar *)name.machine, (gssize)strlen (name.machine) + 1);
  g_checksum_update (sum, (const guchar *)rules, -1);
  return g_strdup (g_checksum_get_string (sum));
}

static gboolean
is_ours (int dir_fd, const char *name)
{
  struct stat st;

  return fstatat (dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG (st.st_mode) &&
         st.st_uid == geteuid () && (st.st_mode & 022) == 0;
}

/* Returns NULL if the filter is not cached or the file can't be trusted. */
static GBytes *
load (int dir_fd, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) filter = quilt_file_read (dir_fd, name, QUILT_FILTER_SIZE_MAX, &error);

  if (!filter && g_error_matches (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND))
    return NULL;
  if (filter && is_ours (dir_fd, name) && quilt_filter_check (filter, &error))
    return g_steal_pointer (&filter);
  g_printerr ("The cached filter '%s' is compiled again: %s\n", name,
              error ? error->message : "other users could write to it");
  return NULL;
}

static void
save (int dir_fd, const char *name, GBytes *filter)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  gconstpointer data = g_bytes_get_data (filter, &size);

  if (!quilt_file_replace (dir_fd, name, data, size, QUILT_FILE_VOLATILE, &error))
    g_printerr ("The filter '%s' is not cached: %s\n", name, error->message);
}

GBytes *
quilt_cache_get (
    int dir_fd, const QuiltSeccomp *seccomp, const char *key, gboolean *ret_hit, GError **error)
{
  g_autofree char *name = g_strconcat (key, ".bpf", NULL);
  GBytes *filter = dir_fd >= 0 ? load (dir_fd, name) : NULL;

  *ret_hit = filter != NULL;
  if (filter)
    return filter;
  filter = quilt_compile (seccomp, error);
  if (filter && dir_fd >= 0)
    save (dir_fd, name, filter);
  return filter;
}
