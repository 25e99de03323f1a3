/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capabilities by name: linux/capability.h of Linux 5.9, the last that added one. */
#include "spec/capabilities.h"

#include "base/option-error.h"

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

guint64
quilt_capabilities_all (void)
{
  return (1ULL << G_N_ELEMENTS (names)) - 1;
}

/* Converts what the user typed to "CAP_…" or "ALL". */
static char *
spell (const char *name)
{
  g_autofree char *upper = g_ascii_strup (name, -1);

  if (g_str_equal (upper, "ALL") || g_str_has_prefix (upper, "CAP_"))
    return g_steal_pointer (&upper);
  return g_strconcat ("CAP_", upper, NULL);
}

gboolean
quilt_capability_parse (const char *option, const char *name, guint64 *ret_mask, GError **error)
{
  g_autofree char *spelled = spell (name);
  guint64 mask = g_str_equal (spelled, "ALL") ? quilt_capabilities_all ()
                                              : quilt_capability_from_name (spelled);

  if (mask == 0)
    return quilt_option_error_refuse (error, option, name,
                                      "there is no such capability; capabilities(7) lists the "
                                      "names, and ALL stands for all of them");
  *ret_mask = mask;
  return TRUE;
}

/* Reads the names of a list. *ret_all: whether "ALL" is one of them; it is not in *ret_mask. */
static gboolean
read_list (
    const char *option, char *const *list, guint64 *ret_mask, gboolean *ret_all, GError **error)
{
  guint64 mask = 0, each;
  gboolean all = FALSE;

  for (; list && *list; list++) {
    if (!quilt_capability_parse (option, *list, &each, error))
      return FALSE;
    if (each == quilt_capabilities_all ())
      all = TRUE;
    else
      mask |= each;
  }
  *ret_mask = mask;
  *ret_all = all;
  return TRUE;
}

gboolean
quilt_capabilities_has_all (char *const *list)
{
  guint64 mask;
  gboolean all = FALSE;

  return read_list ("cap-add", list, &mask, &all, NULL) && all;
}

guint64
quilt_capabilities_added (char *const *list)
{
  guint64 mask = 0;
  gboolean all = FALSE;

  return read_list ("cap-add", list, &mask, &all, NULL) && all ? quilt_capabilities_all () : mask;
}

gboolean
quilt_capabilities_plan (char *const *add, char *const *drop, guint64 *ret_mask, GError **error)
{
  guint64 added, dropped, mask;
  gboolean add_all, drop_all;

  if (!read_list ("cap-add", add, &added, &add_all, error) ||
      !read_list ("cap-drop", drop, &dropped, &drop_all, error))
    return FALSE;
  if (add_all && drop_all)
    return quilt_option_error_refuse (error, "cap-drop", "ALL", "cap-add or privileged adds it");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (added & dropped & 1ULL << i)
      return quilt_option_error_refuse (error, "cap-drop", names[i],
                                        "can't be both added and dropped");
  mask = quilt_capabilities_default ();
  if (add_all)
    mask = quilt_capabilities_all ();
  else if (drop_all)
    mask = 0;
  *ret_mask = (mask | added) & ~dropped;
  return TRUE;
}

void
quilt_capabilities_normalize (char **list)
{
  for (; list && *list; list++) {
    char *spelled = spell (*list);

    g_free (*list);
    *list = spelled;
  }
}
