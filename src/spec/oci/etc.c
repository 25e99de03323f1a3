/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files in /etc that Quilt makes for each container, whatever the image has there. */
#include "spec/oci/etc.h"

#include <string.h>

static const char *const names[] = {"hosts", "hostname", "resolv.conf"};

static const char localhost[] = "127.0.0.1\tlocalhost\n"
                                "::1\tlocalhost ip6-localhost ip6-loopback\n";

const char *
quilt_etc_name (QuiltEtcFile file)
{
  return names[file];
}

static gboolean
has_host_network (const QuiltOptions *options)
{
  return g_strcmp0 (options->network, "host") == 0;
}

gboolean
quilt_etc_has (QuiltEtcFile file, const QuiltOptions *options)
{
  return file != QUILT_ETC_RESOLV_CONF || has_host_network (options);
}

gboolean
quilt_etc_is_host (QuiltEtcFile file, const QuiltOptions *options)
{
  return file != QUILT_ETC_HOSTNAME && has_host_network (options);
}

/* The container's own names resolve to a loopback address other than 127.0.0.1, whose name must
 * stay "localhost". */
static char *
hosts_text (const QuiltOptions *options, const char *hostname, const char *host)
{
  GString *text = g_string_new (host ? host : localhost);

  if (text->len > 0 && text->str[text->len - 1] != '\n')
    g_string_append_c (text, '\n');
  g_string_append_printf (text, "127.0.1.1\t%s", hostname);
  if (options->name && strcmp (options->name, hostname) != 0)
    g_string_append_printf (text, " %s", options->name);
  g_string_append_c (text, '\n');
  return g_string_free (text, FALSE);
}

char *
quilt_etc_text (QuiltEtcFile file,
                const QuiltOptions *options,
                const char *hostname,
                const char *host)
{
  if (file == QUILT_ETC_HOSTS)
    return hosts_text (options, hostname, host);
  if (file == QUILT_ETC_HOSTNAME)
    return g_strconcat (hostname, "\n", NULL);
  return g_strdup (host ? host : "");
}
