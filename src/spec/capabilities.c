/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities by name: linux/capability.h of Linux 5.9, the last that added one. */
#include "spec/capabilities.h"

#include <linux/capability.h>

#define NAME(capability) [capability] = #capability

static const char *const names[] = {
    NAME (CAP_CHOWN),
    NAME (CAP_DAC_OVERRIDE),
    NAME (CAP_DAC_READ_SEARCH),
    NAME (CAP_FOWNER),
    NAME (CAP_FSETID),
    NAME (CAP_KILL),
    NAME (CAP_SETGID),
    NAME (CAP_SETUID),
    NAME (CAP_SETPCAP),
    NAME (CAP_LINUX_IMMUTABLE),
    NAME (CAP_NET_BIND_SERVICE),
    NAME (CAP_NET_BROADCAST),
    NAME (CAP_NET_ADMIN),
    NAME (CAP_NET_RAW),
    NAME (CAP_IPC_LOCK),
    NAME (CAP_IPC_OWNER),
    NAME (CAP_SYS_MODULE),
    NAME (CAP_SYS_RAWIO),
    NAME (CAP_SYS_CHROOT),
    NAME (CAP_SYS_PTRACE),
    NAME (CAP_SYS_PACCT),
    NAME (CAP_SYS_ADMIN),
    NAME (CAP_SYS_BOOT),
    NAME (CAP_SYS_NICE),
    NAME (CAP_SYS_RESOURCE),
    NAME (CAP_SYS_TIME),
    NAME (CAP_SYS_TTY_CONFIG),
    NAME (CAP_MKNOD),
    NAME (CAP_LEASE),
    NAME (CAP_AUDIT_WRITE),
    NAME (CAP_AUDIT_CONTROL),
    NAME (CAP_SETFCAP),
    NAME (CAP_MAC_OVERRIDE),
    NAME (CAP_MAC_ADMIN),
    NAME (CAP_SYSLOG),
    NAME (CAP_WAKE_ALARM),
    NAME (CAP_BLOCK_SUSPEND),
    NAME (CAP_AUDIT_READ),
    NAME (CAP_PERFMON),
    NAME (CAP_BPF),
    NAME (CAP_CHECKPOINT_RESTORE),
};

guint64
quilt_capability_from_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (names[i], name))
      return 1ULL << i;
  return 0;
}

const char *
quilt_capability_to_name (guint capability)
{
  return capability < G_N_ELEMENTS (names) ? names[capability] : NULL;
}

guint64
quilt_capabilities_default (void)
{
  return 1ULL << CAP_CHOWN | 1ULL << CAP_DAC_OVERRIDE | 1ULL << CAP_FOWNER | 1ULL << CAP_FSETID |
         1ULL << CAP_KILL | 1ULL << CAP_NET_BIND_SERVICE | 1ULL << CAP_SETFCAP |
         1ULL << CAP_SETGID | 1ULL << CAP_SETPCAP | 1ULL << CAP_SETUID | 1ULL << CAP_SYS_CHROOT;
}
