/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The owner of a container's cgroup: config-linux.md, "Cgroup ownership". */
#include "oci/cgroup/files.h"

#include "base/error.h"
#include "cgroup/file.h"
#include "spec/id-map.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Whether the container has a writable mount of its cgroups. */
static gboolean
has_writable_cgroups (const QuiltSpec *spec)
{
  for (guint i = 0; i < spec->mounts->len; i++) {
    const QuiltMount *mount = spec->mounts->pdata[i];

    if (strcmp (mount->destination, "/sys/fs/cgroup") == 0 && mount->type &&
        (strcmp (mount->type, "cgroup") == 0 || strcmp (mount->type, "cgroup2") == 0))
      return !mount->options || !g_strv_contains ((const char *const *)mount->options, "ro");
  }
  return FALSE;
}

gboolean
quilt_oci_cgroup_needs_owner (const QuiltSpec *spec, uid_t *ret_owner)
{
  guint32 owner;

  if (!(spec->namespaces & QUILT_NS_CGROUP) || !has_writable_cgroups (spec) ||
      !quilt_id_map_find (spec->uid_map, 0, &owner))
    return FALSE;
  *ret_owner = owner;
  return TRUE;
}

/* The names of the files that a delegated cgroup's user owns, as the kernel lists them. */
static char **
files_to_give (void)
{
  g_autofree char *text = quilt_cgroup_read (AT_FDCWD, "/sys/kernel/cgroup/delegate");

  return g_strsplit (text ? text : "cgroup.procs\ncgroup.threads\ncgroup.subtree_control", "\n",
                     -1);
}

gboolean
quilt_oci_cgroup_give (int dir_fd, const char *path, const QuiltSpec *spec, GError **error)
{
  uid_t owner;

  if (!quilt_oci_cgroup_needs_owner (spec, &owner) || owner == geteuid ())
    return TRUE;
  if (fchown (dir_fd, owner, (gid_t)-1) < 0)
    return quilt_set_error_errno (error, errno, "Failed to give cgroup '%s' to user %u", path,
                                  (guint)owner);
  g_auto (GStrv) files = files_to_give ();
  for (char **file = files; *file; file++)
    if (**file && fchownat (dir_fd, *file, owner, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 &&
        errno != ENOENT)
      return quilt_set_error_errno (error, errno, "Failed to give '%s' of cgroup '%s' to user %u",
                                    *file, path, (guint)owner);
  return TRUE;
}
