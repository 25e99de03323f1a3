/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The namespaces that a container has of its own, or shares with the host or another container. */
#include "spec/options/sharing.h"

#include "base/option-error.h"

#include <string.h>

#define PREFIX "container:"

const QuiltSharing quilt_sharings[] = {
    {"pid", QUILT_NS_PID, "pid", G_STRUCT_OFFSET (QuiltOptions, pid)},
    {"ipc", QUILT_NS_IPC, "ipc", G_STRUCT_OFFSET (QuiltOptions, ipc)},
    {"uts", QUILT_NS_UTS, "uts", G_STRUCT_OFFSET (QuiltOptions, uts)},
    {"network", QUILT_NS_NETWORK, "net", G_STRUCT_OFFSET (QuiltOptions, network)},
    {"cgroupns", QUILT_NS_CGROUP, "cgroup", G_STRUCT_OFFSET (QuiltOptions, cgroupns)},
    {NULL},
};

static char **
member (const QuiltSharing *sharing, const QuiltOptions *options)
{
  return (char **)((char *)options + sharing->offset);
}

gboolean
quilt_sharing_is_host (const QuiltSharing *sharing, const QuiltOptions *options)
{
  return g_strcmp0 (*member (sharing, options), "host") == 0;
}

const char *
quilt_sharing_get_container (const QuiltSharing *sharing, const QuiltOptions *options)
{
  const char *mode = *member (sharing, options);

  return mode && g_str_has_prefix (mode, PREFIX) ? mode + strlen (PREFIX) : NULL;
}

void
quilt_sharing_set_host (const QuiltSharing *sharing, QuiltOptions *options)
{
  char **mode = member (sharing, options);

  g_free (*mode);
  *mode = g_strdup ("host");
}

void
quilt_sharing_set_container (const QuiltSharing *sharing, QuiltOptions *options, const char *id)
{
  char **mode = member (sharing, options);

  g_free (*mode);
  *mode = g_strconcat (PREFIX, id, NULL);
}

guint
quilt_sharing_own_namespaces (const QuiltOptions *options)
{
  guint own = QUILT_NS_MOUNT;

  for (const QuiltSharing *sharing = quilt_sharings; sharing->key; sharing++)
    if (!quilt_sharing_is_host (sharing, options) &&
        !quilt_sharing_get_container (sharing, options))
      own |= sharing->flag;
  return own;
}

gboolean
quilt_sharing_check_together (const QuiltOptions *options, GError **error)
{
  const guint own = quilt_sharing_own_namespaces (options);

  if (options->hostname && !(own & QUILT_NS_UTS))
    return quilt_option_error_refuse (
        error, "hostname", options->hostname,
        "it would also change the name of the namespace's owner; leave out this option, or 'uts'");
  if (options->domainname && !(own & QUILT_NS_UTS))
    return quilt_option_error_refuse (
        error, "domainname", options->domainname,
        "it would also change the name of the namespace's owner; leave out this option, or 'uts'");
  /* Processes that a setup step leaves running are killed through its pid namespace. */
  if (options->setup && *options->setup && !(own & QUILT_NS_PID))
    return quilt_option_error_refuse (
        error, "setup", *options->setup,
        "setup steps need a pid namespace of the container's own; leave out 'pid'");
  return TRUE;
}

/* others: further words that are allowed besides "container:…", NULL-terminated. */
static gboolean
check_mode (const char *key,
            const char *text,
            const char *const *others,
            const char *allowed,
            GError **error)
{
  if (g_strv_contains (others, text))
    return TRUE;
  if (g_str_has_prefix (text, PREFIX) && text[strlen (PREFIX)])
    return TRUE;
  return quilt_option_error_refuse (error, key, text, allowed);
}

gboolean
quilt_sharing_check_pid (const char *text, GError **error)
{
  static const char *const words[] = {"private", "host", NULL};

  return check_mode ("pid", text, words, "must be private, host or container:NAME", error);
}

gboolean
quilt_sharing_check_ipc (const char *text, GError **error)
{
  static const char *const words[] = {"private", "shareable", "host", NULL};

  return check_mode ("ipc", text, words, "must be private, shareable, host or container:NAME",
                     error);
}

gboolean
quilt_sharing_check_uts (const char *text, GError **error)
{
  static const char *const words[] = {"private", "host", NULL};

  return check_mode ("uts", text, words, "must be private, host or container:NAME", error);
}

gboolean
quilt_sharing_check_network (const char *text, GError **error)
{
  static const char *const words[] = {"none", "private", "host", NULL};

  if (g_str_equal (text, "bridge"))
    return quilt_option_error_refuse (
        error, "network", text, "bridges are not supported yet; use none, host or container:NAME");
  return check_mode ("network", text, words, "must be none, private, host or container:NAME",
                     error);
}

gboolean
quilt_sharing_check_cgroupns (const char *text, GError **error)
{
  return g_str_equal (text, "private") || g_str_equal (text, "host") ||
         quilt_option_error_refuse (error, "cgroupns", text, "must be private or host");
}
