/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options that are equivalent to root on the host. No other file decides that. */
#include "spec/options/table.h"

#include "spec/capabilities.h"
#include "spec/id-map.h"
#include "spec/labels.h"
#include "spec/options/sharing.h"
#include "spec/rlimits.h"

#include <string.h>

/* With the default capabilities, a process can't leave the container. Each other capability may
 * affect the host. */
static gboolean
adds_capabilities (const QuiltOptions *options)
{
  guint64 mask;

  return !quilt_capabilities_plan (options->cap_add, options->cap_drop, &mask, NULL) ||
         (mask & ~quilt_capabilities_default ()) != 0;
}

/* Below 0, the kernel would kill the host's processes before the container's. Only root may set
 * that. */
static gboolean
escapes_oom (const QuiltOptions *options)
{
  return options->oom_score_adj < 0;
}

static gboolean
is_privileged (const QuiltOptions *options)
{
  return options->privileged;
}

static gboolean
has_hosts (const QuiltOptions *options, const char *key)
{
  for (const QuiltSharing *sharing = quilt_sharings; sharing->key; sharing++)
    if (strcmp (sharing->key, key) == 0)
      return quilt_sharing_is_host (sharing, options);
  g_return_val_if_reached (TRUE);
}

static gboolean
has_hosts_pid (const QuiltOptions *options)
{
  return has_hosts (options, "pid");
}

static gboolean
has_hosts_ipc (const QuiltOptions *options)
{
  return has_hosts (options, "ipc");
}

static gboolean
has_hosts_uts (const QuiltOptions *options)
{
  return has_hosts (options, "uts");
}

static gboolean
has_hosts_network (const QuiltOptions *options)
{
  return has_hosts (options, "network");
}

static gboolean
has_hosts_cgroupns (const QuiltOptions *options)
{
  return has_hosts (options, "cgroupns");
}

/* We can't tell whether a custom profile still blocks escapes. */
static gboolean
chooses_seccomp (const QuiltOptions *options)
{
  return options->seccomp && *options->seccomp &&
         !g_str_equal (options->seccomp, QUILT_SECCOMP_DEFAULT);
}

/* Another profile may be weaker. */
static gboolean
changes_profile (const QuiltOptions *options)
{
  return options->apparmor && *options->apparmor &&
         !g_str_equal (options->apparmor, QUILT_APPARMOR_DEFAULT);
}

/* Another type may have more rights, and another level may give access to other users' files. */
static gboolean
changes_label (const QuiltOptions *options)
{
  return options->label && *options->label;
}

static gboolean
has_devices (const QuiltOptions *options)
{
  return quilt_entries_count (options->devices) > 0;
}

/* A volume gives access to the host's files as root. */
static gboolean
has_volumes (const QuiltOptions *options)
{
  return quilt_entries_count (options->volumes) > 0;
}

static gboolean
raises_limits (const QuiltOptions *options)
{
  return !quilt_rlimits_are_harmless (options->ulimits);
}

/* Ids of the host that the caller chooses may belong to other users. */
static gboolean
chooses_ids (const QuiltOptions *options)
{
  const char *const harmless[] = {QUILT_USERNS_AUTO, QUILT_USERNS_KEEP_ID, NULL};

  return options->userns && !g_strv_contains (harmless, options->userns);
}

static const struct {
  const QuiltOption *option;
  gboolean (*applies) (const QuiltOptions *options);
} privileges[] = {QUILT_OPTION_PRIVILEGES};

const char **
quilt_options_privileges (const QuiltOptions *options)
{
  const char **keys = g_new0 (const char *, G_N_ELEMENTS (privileges) + 1);
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (privileges); i++)
    if (privileges[i].applies (options))
      keys[n++] = privileges[i].option->key;
  return keys;
}

gboolean
quilt_options_need_privilege (const QuiltOptions *options, const char **ret_why)
{
  g_autofree const char **keys = quilt_options_privileges (options);

  if (!keys[0])
    return FALSE;
  *ret_why = keys[0];
  return TRUE;
}
