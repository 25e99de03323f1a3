/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moving network devices of the host into the container: linux.netDevices. */
#include "core/namespaces/net-devices.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The flags that an administrator can set on an address. The kernel maintains the others. */
#define FLAGS_KEPT                                                                                 \
  (IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN)

typedef struct {
  int namespace_fd, fd; /* a network namespace, and an rtnetlink socket in it */
} Place;

typedef struct {
  const QuiltNetDevice *device;
  char *name;                  /* for error messages */
  guint32 index, index_inside; /* index_inside is 0 while the device is not in the container */
  gboolean was_up;
  GArray *addresses; /* of QuiltRtRequest */
} Move;

static void
place_clear (Place *place)
{
  quilt_fd_clear (&place->fd);
  quilt_fd_clear (&place->namespace_fd);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

static void
move_clear (gpointer data)
{
  Move *move = data;

  g_free (move->name);
  g_array_unref (move->addresses);
}

gboolean
quilt_net_address_plan (const struct nlmsghdr *message, guint32 index, QuiltRtRequest *ret_request)
{
  /* Each attribute has at most 16 bytes. */
  static const guint16 kept[] = {IFA_LOCAL, IFA_ADDRESS, IFA_BROADCAST, IFA_RT_PRIORITY};
  struct ifaddrmsg body;
  gconstpointer value;
  guint32 flags;
  gsize size;

  if (message->nlmsg_type != RTM_NEWADDR || message->nlmsg_len < NLMSG_LENGTH (sizeof body))
    return FALSE;
  memcpy (&body, NLMSG_DATA (message), sizeof body);
  flags = body.ifa_flags;
  value = quilt_rt_find (message, sizeof body, IFA_FLAGS, &size);
  if (value && size == sizeof flags)
    memcpy (&flags, value, sizeof flags);
  value = quilt_rt_find (message, sizeof body, IFA_ADDRESS, &size);
  if (body.ifa_index != index || body.ifa_scope != RT_SCOPE_UNIVERSE ||
      !(flags & IFA_F_PERMANENT) || !value)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    if (quilt_rt_find (message, sizeof body, kept[i], &size) && size > 16)
      return FALSE;
  body.ifa_flags = 0;
  quilt_rt_begin (ret_request, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body, sizeof body);
  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    if ((value = quilt_rt_find (message, sizeof body, kept[i], &size)))
      quilt_rt_add (ret_request, kept[i], value, size);
  quilt_rt_add_u32 (ret_request, IFA_FLAGS, flags & FLAGS_KEPT);
  return TRUE;
}

static void
on_address (const struct nlmsghdr *message, gpointer data)
{
  Move *move = data;
  QuiltRtRequest request;

  if (quilt_net_address_plan (message, move->index, &request))
    g_array_append_val (move->addresses, request);
}

static int
read_addresses (int fd, Move *move)
{
  const struct ifaddrmsg body = {.ifa_family = AF_UNSPEC};
  QuiltRtRequest request;
  int r;

  do {
    g_array_set_size (move->addresses, 0);
    quilt_rt_begin (&request, RTM_GETADDR, NLM_F_DUMP, &body, sizeof body);
    r = quilt_rt_call (fd, &request, on_address, move);
  } while (r == -EINTR);
  return r;
}

static void
on_link (const struct nlmsghdr *message, gpointer data)
{
  if (message->nlmsg_type == RTM_NEWLINK &&
      message->nlmsg_len >= NLMSG_LENGTH (sizeof (struct ifinfomsg)))
    memcpy (data, NLMSG_DATA (message), sizeof (struct ifinfomsg));
}

/* Finds a device by name or, if name is NULL, by index. Returns 0, -ENODEV if there is no such
 * device, or another -errno. */
static int
find_link (int fd, const char *name, guint32 index, struct ifinfomsg *ret_link)
{
  const struct ifinfomsg body = {.ifi_index = (int)index};
  QuiltRtRequest request;
  int r;

  *ret_link = (struct ifinfomsg){0};
  quilt_rt_begin (&request, RTM_GETLINK, 0, &body, sizeof body);
  if (name)
    quilt_rt_add_string (&request, IFLA_IFNAME, name);
  r = quilt_rt_call (fd, &request, on_link, ret_link);
  return r == 0 && ret_link->ifi_index <= 0 ? -ENODEV : r;
}

/* The kernel may choose the device's name in the container, so we identify it by its index there.
 * Choose that index ourselves: the index on the host, or the next free one. */
static int
choose_index (int fd, guint32 first, guint32 *ret_index)
{
  struct ifinfomsg link;
  guint32 index = first;
  int r;

  while ((r = find_link (fd, NULL, index, &link)) == 0)
    index++;
  *ret_index = index;
  return r == -ENODEV ? 0 : r;
}

static int
send_to (const Place *from, guint32 index, const char *name, const Place *place, guint32 new_index)
{
  const struct ifinfomsg body = {.ifi_index = (int)index};
  QuiltRtRequest request;

  quilt_rt_begin (&request, RTM_NEWLINK, 0, &body, sizeof body);
  quilt_rt_add_string (&request, IFLA_IFNAME, name);
  quilt_rt_add_u32 (&request, IFLA_NET_NS_FD, (guint32)place->namespace_fd);
  quilt_rt_add_u32 (&request, IFLA_NEW_IFINDEX, new_index); /* Linux 5.13 */
  return quilt_rt_call (from->fd, &request, NULL, NULL);
}

static int
bring_up (int fd, guint32 index)
{
  const struct ifinfomsg body = {
      .ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  QuiltRtRequest request;

  quilt_rt_begin (&request, RTM_NEWLINK, 0, &body, sizeof body);
  return quilt_rt_call (fd, &request, NULL, NULL);
}

static int
set_addresses (int fd, const Move *move, guint32 index)
{
  int r = 0;

  for (guint i = 0; i < move->addresses->len && r == 0; i++) {
    QuiltRtRequest *request = &g_array_index (move->addresses, QuiltRtRequest, i);

    ((struct ifaddrmsg *)quilt_rt_body (request))->ifa_index = index;
    r = quilt_rt_call (fd, request, NULL, NULL);
  }
  return r;
}

/* Checks that the device can be moved, without changing anything. */
static gboolean
look_at (const Place *ours, const Place *inside, Move *move, GError **error)
{
  const char *new_name = quilt_net_device_get_new_name (move->device);
  struct ifinfomsg link;
  int r = find_link (ours->fd, move->device->name, 0, &link);

  if (r == -ENODEV) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
                 "Failed to use linux.netDevices.%s: the host has no network device of this name",
                 move->name);
    return FALSE;
  }
  if (r < 0)
    return quilt_set_error_errno (error, -r, "Failed to look at network device '%s'", move->name);
  move->index = (guint32)link.ifi_index;
  move->was_up = (link.ifi_flags & IFF_UP) != 0;
  if ((r = read_addresses (ours->fd, move)) < 0)
    return quilt_set_error_errno (error, -r, "Failed to read the addresses of network device '%s'",
                                  move->name);
  r = find_link (inside->fd, new_name, 0, &link);
  if (r == 0) {
    g_autofree char *quoted = quilt_text_quote (new_name);

    g_set_error (error, QUILT_ERROR, QUILT_ERROR_EXISTS,
                 "Failed to use linux.netDevices.%s: the container has a network device '%s' "
                 "already; give this one another 'name'",
                 move->name, quoted);
  } else if (r != -ENODEV)
    quilt_set_error_errno (error, -r, "Failed to look into the container's network namespace");
  return r == -ENODEV;
}

static gboolean
move_one (const Place *ours, const Place *inside, Move *move, GError **error)
{
  const char *new_name = quilt_net_device_get_new_name (move->device);
  struct ifinfomsg link;
  guint32 index;
  int r = choose_index (inside->fd, move->index, &index);

  if (r == 0)
    r = send_to (ours, move->index, new_name, inside, index);
  /* The kernel renames the device after moving it. If only the renaming failed, the device is in
   * the container. */
  if (r == 0 || find_link (ours->fd, NULL, move->index, &link) == -ENODEV)
    move->index_inside = index;
  if (r == -EINVAL) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use linux.netDevices.%s: the kernel can't move devices of its kind to "
                 "another network namespace",
                 move->name);
    return FALSE;
  }
  if (r < 0)
    return quilt_set_error_errno (
        error, -r, "Failed to move network device '%s' into the container", move->name);
  if ((r = set_addresses (inside->fd, move, move->index_inside)) < 0)
    return quilt_set_error_errno (error, -r,
                                  "Failed to set the addresses of network device '%s' in the "
                                  "container%s",
                                  move->name, r == -EACCES ? " (is IPv6 disabled there?)" : "");
  return (r = bring_up (inside->fd, move->index_inside)) == 0 ||
         quilt_set_error_errno (
             error, -r, "Failed to bring network device '%s' up in the container", move->name);
}

/* Moves the device back after an error. Ignores failures, since the first error is reported. */
static void
move_back (const Place *ours, const Place *inside, const Move *move)
{
  if (move->index_inside == 0 ||
      send_to (inside, move->index_inside, move->device->name, ours, move->index) < 0 ||
      set_addresses (ours->fd, move, move->index) < 0 || !move->was_up)
    return;
  bring_up (ours->fd, move->index);
}

/* Opens a socket in the other namespace, and returns to our own. */
static int
open_inside (const Place *ours, int namespace_fd)
{
  int fd = -1;

  if (setns (namespace_fd, CLONE_NEWNET) == 0)
    fd = quilt_rt_open ();
  if (setns (ours->namespace_fd, CLONE_NEWNET) < 0)
    quilt_fd_clear (&fd);
  return fd;
}

static gboolean
open_places (pid_t pid, Place *ours, Place *inside, GError **error)
{
  struct stat own, other;
  char path[32];

  g_snprintf (path, sizeof path, "/proc/%d/ns/net", (int)pid);
  ours->namespace_fd = open ("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  inside->namespace_fd = open (path, O_RDONLY | O_CLOEXEC);
  if (ours->namespace_fd < 0 || inside->namespace_fd < 0 || fstat (ours->namespace_fd, &own) < 0 ||
      fstat (inside->namespace_fd, &other) < 0)
    return quilt_set_error_errno (error, errno, "Failed to open the container's network namespace");
  if (own.st_ino == other.st_ino && own.st_dev == other.st_dev) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to use linux.netDevices: the container's network namespace is the "
                 "runtime's own; name another one in linux.namespaces");
    return FALSE;
  }
  ours->fd = quilt_rt_open ();
  inside->fd = open_inside (ours, inside->namespace_fd);
  return (ours->fd >= 0 && inside->fd >= 0) ||
         quilt_set_error_errno (error, errno,
                                "Failed to enter the container's network namespace for "
                                "linux.netDevices; it takes CAP_SYS_ADMIN");
}

gboolean
quilt_net_devices_move (const QuiltSpec *spec, pid_t pid, GError **error)
{
  g_auto (Place) ours = {-1, -1};
  g_auto (Place) inside = {-1, -1};
  g_autoptr (GArray) moves = g_array_new (FALSE, TRUE, sizeof (Move));
  guint n = 0;

  g_array_set_clear_func (moves, move_clear);
  if (!open_places (pid, &ours, &inside, error))
    return FALSE;
  for (guint i = 0; i < spec->net_devices->len; i++) {
    const QuiltNetDevice *device = spec->net_devices->pdata[i];
    Move move = {.device = device, .name = quilt_text_quote (device->name)};

    move.addresses = g_array_new (FALSE, FALSE, sizeof (QuiltRtRequest));
    g_array_append_val (moves, move);
    if (!look_at (&ours, &inside, &g_array_index (moves, Move, i), error))
      return FALSE;
  }
  while (n < moves->len && move_one (&ours, &inside, &g_array_index (moves, Move, n), error))
    n++;
  if (n == moves->len)
    return TRUE;
  for (guint i = n + 1; i-- > 0;)
    move_back (&ours, &inside, &g_array_index (moves, Move, i));
  return FALSE;
}
