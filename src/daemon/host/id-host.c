/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds free user and group ids of the host. */
#include "daemon/host/id-host.h"

#include "base/error.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define N_RANGES ((QUILT_ID_HOST_LAST - QUILT_ID_HOST_FIRST + 1) / QUILT_ID_RANGE)
#define REFUSALS_MAX 64
/* Larger entries than this count as existing entries. */
#define ENTRY_MAX (16 * 1024)

static const char *const delegated[] = {"/etc/subuid", "/etc/subgid"};
static const char *const sources[] = {"/etc/subuid", "/etc/subgid", "/etc/passwd", "/etc/group"};

void
quilt_id_host_add_delegated (const char *text, GArray *taken)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (char **line = lines; *line; line++) {
    g_auto (GStrv) parts = g_strsplit (g_strstrip (*line), ":", 3);
    guint64 first, count;

    /* Skip malformed lines; they assign no ids. */
    if (g_strv_length (parts) != 3 ||
        !g_ascii_string_to_unsigned (parts[1], 10, 0, G_MAXUINT32, &first, NULL) ||
        !g_ascii_string_to_unsigned (parts[2], 10, 1, G_MAXUINT64, &count, NULL))
      continue;
    quilt_id_map_add (taken, 0, (guint32)first, (guint32)MIN (count, G_MAXUINT32 - first));
  }
}

gboolean
quilt_id_host_choose (const GArray *taken,
                      guint32 start,
                      gboolean (*is_free) (guint32 first),
                      guint32 *ret_first)
{
  guint refusals = 0;

  for (guint32 i = 0; i < N_RANGES && refusals <= REFUSALS_MAX; i++) {
    guint32 first = QUILT_ID_HOST_FIRST + (start % N_RANGES + i) % N_RANGES * QUILT_ID_RANGE;
    g_autoptr (GArray) range = quilt_id_map_new_range (first);

    if (quilt_id_map_overlaps (range, taken, NULL))
      continue;
    if (is_free (first)) {
      *ret_first = first;
      return TRUE;
    }
    refusals++;
  }
  return FALSE;
}

/* Errors by which getpwnam(3) says that there is no entry. After any other error, that is
 * unknown. */
static gboolean
says_none (int error)
{
  return error == 0 || error == ENOENT || error == ESRCH || error == EBADF || error == EPERM;
}

static gboolean
has_no_name (guint32 id)
{
  g_autofree char *buffer = g_malloc (ENTRY_MAX);
  struct passwd user, *found_user = NULL;
  struct group group, *found_group = NULL;
  int error;

  do
    error = getpwuid_r (id, &user, buffer, ENTRY_MAX, &found_user);
  while (error == EINTR);
  if (found_user || !says_none (error))
    return FALSE;
  do
    error = getgrgid_r (id, &group, buffer, ENTRY_MAX, &found_group);
  while (error == EINTR);
  return !found_group && says_none (error);
}

/* Allocators such as systemd-nspawn register the first id of a range under a name. An allocator
 * that counts upward finds that first id taken. */
static gboolean
is_free (guint32 first)
{
  return has_no_name (first) && has_no_name (first + QUILT_ID_RANGE - 1);
}

GArray *
quilt_id_host_find (const GArray *taken, guint n)
{
  GArray *found = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (GArray) all = quilt_id_map_copy (taken);

  for (guint i = 0; i < G_N_ELEMENTS (delegated); i++) {
    g_autofree char *text = NULL;

    if (g_file_get_contents (delegated[i], &text, NULL, NULL))
      quilt_id_host_add_delegated (text, all);
  }
  while (found->len < n) {
    guint32 first;

    /* Start at a random range, so that two managers on one host rarely choose the same. */
    if (!quilt_id_host_choose (all, g_random_int (), is_free, &first))
      break;
    quilt_id_map_add (all, 0, first, QUILT_ID_RANGE);
    g_array_append_val (found, first);
  }
  return found;
}

char *
quilt_id_host_get_version (void)
{
  GString *version = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (sources); i++) {
    struct stat st = {0};

    if (stat (sources[i], &st) == 0)
      g_string_append_printf (version, "%s %ju %jd.%ld\n", sources[i], (uintmax_t)st.st_ino,
                              (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
  }
  return g_string_free (version, FALSE);
}

gboolean
quilt_id_host_get_group (guint32 uid, guint32 *ret_gid, GError **error)
{
  g_autofree char *buffer = g_malloc (ENTRY_MAX);
  struct passwd user, *found = NULL;
  int r;

  do
    r = getpwuid_r (uid, &user, buffer, ENTRY_MAX, &found);
  while (r == EINTR);
  if (found) {
    *ret_gid = found->pw_gid;
    return TRUE;
  }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "Failed to find the group of user %u: %s",
               uid, says_none (r) ? "the host has no such user" : g_strerror (r));
  return FALSE;
}
