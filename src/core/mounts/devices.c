/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The device nodes that every container has. */
#include "core/mounts/devices.h"

#include "spec/id-map.h"
#include "spec/options/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Device numbers: Documentation/admin-guide/devices.txt of Linux. */
static const struct {
  const char *name;
  guint major, minor;
} nodes[] = {
    {"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
    {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0},
};

static const struct {
  const char *name, *target;
} links[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},         {"core", "/proc/kcore"},
};

#define PREFIX "/dev/"

/* Makes the parent directories of path, which is relative to the tmpfs. */
static int
make_parents (int dev_fd, const char *path)
{
  char prefix[PATH_MAX];

  if (strlen (path) >= sizeof prefix)
    return -ENAMETOOLONG;
  for (const char *slash = strchr (path, '/'); slash; slash = strchr (slash + 1, '/')) {
    memcpy (prefix, path, (gsize)(slash - path));
    prefix[slash - path] = '\0';
    if (mkdirat (dev_fd, prefix, 0755) < 0 && errno != EEXIST)
      return -errno;
  }
  return 0;
}

static mode_t
kind_of (const QuiltDevice *device)
{
  return device->type == 'b' ? S_IFBLK : device->type == 'p' ? S_IFIFO : S_IFCHR;
}

/* In a user namespace we can't make device nodes. Make an empty file instead, over which the host's
 * node is bound later. */
static int
make (int dev_fd, const char *path, mode_t mode, guint major, guint minor)
{
  int r = mknodat (dev_fd, path, mode, makedev (major, minor));

  if (r < 0 && errno == EPERM)
    r = mknodat (dev_fd, path, S_IFREG | (mode & 0777), 0);
  return r < 0 ? -errno : 0;
}

int
quilt_device_make (int dir_fd, const char *name, const QuiltDeviceNode *node)
{
  int r = make (dir_fd, name, node->kind | node->mode, major (node->rdev), minor (node->rdev));

  if (r == 0 && (node->uid || node->gid) &&
      fchownat (dir_fd, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
    return -errno;
  return r;
}

gboolean
quilt_devices_is_in_dev (const char *path)
{
  return strncmp (path, PREFIX, strlen (PREFIX)) == 0;
}

int
quilt_devices_link (int dev_fd)
{
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    if (symlinkat (links[i].target, dev_fd, links[i].name) < 0 && errno != EEXIST)
      return -errno;
  return 0;
}

static int
make_node (int dev_fd, const QuiltDevice *device)
{
  const char *path = device->path + strlen (PREFIX);
  mode_t mode = kind_of (device) | (device->mode & 0777);
  int r = make_parents (dev_fd, path);

  if (r < 0)
    return r;
  /* If the node exists, it is one of the usual nodes or was requested twice. The last request
   * counts. */
  if (unlinkat (dev_fd, path, 0) < 0 && errno != ENOENT)
    return -errno;
  r = make (dev_fd, path, mode, device->major, device->minor);
  if (r == 0 && (device->uid || device->gid) &&
      fchownat (dev_fd, path, device->uid, device->gid, AT_SYMLINK_NOFOLLOW) < 0)
    return -errno;
  return r;
}

int
quilt_devices_apply (int dev_fd, const GArray *more)
{
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++) {
    int r = make (dev_fd, nodes[i].name, S_IFCHR | 0666, nodes[i].major, nodes[i].minor);

    if (r < 0)
      return r;
  }
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    if (symlinkat (links[i].target, dev_fd, links[i].name) < 0)
      return -errno;
  for (guint i = 0; more && i < more->len; i++) {
    const QuiltDevice *device = &g_array_index (more, QuiltDevice, i);
    int r = quilt_devices_is_in_dev (device->path) ? make_node (dev_fd, device) : 0;

    if (r < 0)
      return r;
  }
  return 0;
}

int
quilt_devices_give (int dev_fd, const GArray *more, const GArray *uid_map, const GArray *gid_map)
{
  guint32 uid = 0, gid = 0;

  quilt_id_map_find (uid_map, 0, &uid);
  quilt_id_map_find (gid_map, 0, &gid);
  for (guint i = 0; more && i < more->len; i++) {
    const QuiltDevice *device = &g_array_index (more, QuiltDevice, i);
    guint32 owner = uid, group = gid;

    quilt_id_map_find (uid_map, device->uid, &owner);
    quilt_id_map_find (gid_map, device->gid, &group);
    if (quilt_devices_is_in_dev (device->path) &&
        fchownat (dev_fd, device->path + strlen (PREFIX), owner, group, AT_SYMLINK_NOFOLLOW) < 0)
      return -errno;
  }
  for (guint i = 0; i < G_N_ELEMENTS (nodes); i++)
    if (fchownat (dev_fd, nodes[i].name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
      return -errno;
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    if (fchownat (dev_fd, links[i].name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
      return -errno;
  return fchownat (dev_fd, "", uid, gid, AT_EMPTY_PATH) < 0 ? -errno : 0;
}

gboolean
quilt_devices_get (guint index, const GArray *more, QuiltDeviceNode *ret_node)
{
  guint n = more ? more->len : 0;
  const QuiltDevice *device;

  ret_node->mode = 0666;
  ret_node->uid = ret_node->gid = 0;
  ret_node->usual = index < G_N_ELEMENTS (nodes);
  if (index < G_N_ELEMENTS (nodes)) {
    g_snprintf (ret_node->path, sizeof ret_node->path, PREFIX "%s", nodes[index].name);
    ret_node->kind = S_IFCHR;
    ret_node->rdev = makedev (nodes[index].major, nodes[index].minor);
    return TRUE;
  }
  if (index - G_N_ELEMENTS (nodes) >= n)
    return FALSE;
  device = &g_array_index (more, QuiltDevice, index - G_N_ELEMENTS (nodes));
  g_strlcpy (ret_node->path, device->path, sizeof ret_node->path);
  ret_node->kind = kind_of (device);
  ret_node->mode = device->mode & 0777;
  ret_node->uid = device->uid;
  ret_node->gid = device->gid;
  ret_node->rdev = makedev (device->major, device->minor);
  return TRUE;
}
