/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of namespaces that a container can have. */
#pragma once

typedef enum {
  QUILT_NS_PID = 1 << 0,
  QUILT_NS_NETWORK = 1 << 1,
  QUILT_NS_MOUNT = 1 << 2,
  QUILT_NS_IPC = 1 << 3,
  QUILT_NS_UTS = 1 << 4,
  QUILT_NS_CGROUP = 1 << 5,
  QUILT_NS_TIME = 1 << 7, /* if new, with the offsets monotonic and boottime */
  QUILT_NS_USER = 1 << 6, /* with uid_map and gid_map, also for a joined namespace */
} QuiltNamespaces;
