/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A user namespace for callers who are not root, in which they are root. */
#include "oci/state/own-users.h"

#include "base/error.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Tells our next execution that its user namespace is ours, not an engine's. The ids are read from
 * the kernel's map: if root happens to have this variable, it says nothing about ids. */
#define VARIABLE "QUILT_OCI_USER"

static gboolean
write_file (const char *path, const char *text)
{
  g_autofd int fd = open (path, O_WRONLY | O_CLOEXEC);

  return fd >= 0 && quilt_fd_write_all (fd, text, strlen (text));
}

static gboolean
tell (void)
{
  return setenv (VARIABLE, "1", TRUE) == 0;
}

gboolean
quilt_oci_own_users_enter (void)
{
  uid_t uid = geteuid ();
  gid_t gid = getegid ();
  char uids[32], gids[32];

  if (uid == 0)
    return TRUE;
  g_snprintf (uids, sizeof uids, "0 %u 1", uid);
  g_snprintf (gids, sizeof gids, "0 %u 1", gid);
  return unshare (CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
         write_file ("/proc/self/setgroups", "deny") && write_file ("/proc/self/uid_map", uids) &&
         write_file ("/proc/self/gid_map", gids) && tell ();
}

static gboolean
execute_anew (void)
{
  g_autofree char *text = NULL;
  g_autoptr (GPtrArray) argv = g_ptr_array_new ();
  gsize length;

  if (!g_file_get_contents ("/proc/self/cmdline", &text, &length, NULL))
    return FALSE;
  for (char *word = text; word < text + length; word += strlen (word) + 1)
    g_ptr_array_add (argv, word);
  g_ptr_array_add (argv, NULL);
  execv ("/proc/self/exe", (char **)argv->pdata);
  return FALSE;
}

gboolean
quilt_oci_own_users_join (pid_t pid, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/ns/user", (int)pid);
  g_autofd int inner_fd = -1;
  g_autofd int fd = -1;

  if (geteuid () == 0)
    return TRUE;
  inner_fd = open (path, O_RDONLY | O_CLOEXEC);
  fd = inner_fd < 0 ? -1 : ioctl (inner_fd, NS_GET_PARENT);
  if (fd >= 0 && setns (fd, CLONE_NEWUSER) == 0 && unshare (CLONE_NEWNS) == 0 && tell ())
    execute_anew ();
  return quilt_set_error_errno (error, errno,
                                "Failed to enter the user namespace that the container is in");
}

/* Reads the map that enter() makes: a single line, from id 0 inside to one id outside. */
static gboolean
read_own_id (const char *path, guint32 *ret_id)
{
  g_autofree char *text = NULL;
  guint32 inside, outside, count;
  char more;

  if (!g_file_get_contents (path, &text, NULL, NULL) ||
      sscanf (text, "%" G_GUINT32_FORMAT " %" G_GUINT32_FORMAT " %" G_GUINT32_FORMAT " %c", &inside,
              &outside, &count, &more) != 3 ||
      inside != 0 || count != 1)
    return FALSE;
  *ret_id = outside;
  return TRUE;
}

gboolean
quilt_oci_own_users_get (guint32 *ret_uid, guint32 *ret_gid)
{
  return geteuid () == 0 && g_getenv (VARIABLE) && read_own_id ("/proc/self/uid_map", ret_uid) &&
         read_own_id ("/proc/self/gid_map", ret_gid);
}

static gboolean
translate (GArray *map, guint32 own, const char *path, GError **error)
{
  for (guint i = 0; i < map->len; i++) {
    QuiltIdMap *line = &g_array_index (map, QuiltIdMap, i);

    if (line->outside != own || line->count != 1) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_SUPPORTED,
                   "Failed to use linux.%s: without root it can map only the caller's own id, %u; "
                   "engines such as podman map ranges of ids",
                   path, own);
      return FALSE;
    }
    line->outside = 0;
  }
  return TRUE;
}

gboolean
quilt_oci_own_users_translate (QuiltSpec *spec, GError **error)
{
  guint32 uid, gid;

  return !quilt_oci_own_users_get (&uid, &gid) ||
         (translate (spec->uid_map, uid, "uidMappings", error) &&
          translate (spec->gid_map, gid, "gidMappings", error));
}
