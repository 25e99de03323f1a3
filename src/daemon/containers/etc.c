/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The contents of the files in /etc that a container gets from Quilt. */
#include "daemon/containers/etc.h"

#include "spec/options/sharing.h"
#include "spec/names.h"

#include <sys/utsname.h>

static char *
get_hostname (const QuiltOptions *options)
{
  return options->hostname ? g_strdup (options->hostname)
                           : quilt_hostname_from_name (options->name);
}

/* The container's host name. Owned by the caller. */
static char *
find_hostname (const QuiltContainer *container, const QuiltSpec *spec)
{
  const QuiltSharing *uts = quilt_sharings;
  const QuiltContainer *other = NULL;
  const char *id;
  struct utsname host;

  while (uts->flag != QUILT_NS_UTS)
    uts++;
  id = quilt_sharing_get_container (uts, quilt_container_get_record (container)->options);
  if (id)
    other = quilt_containers_get (quilt_container_get_containers (container), id);
  if (spec->hostname)
    return g_strdup (spec->hostname);
  if (other)
    return get_hostname (quilt_container_get_record (other)->options);
  return g_strdup (uname (&host) == 0 ? host.nodename : "localhost");
}

void
quilt_etc_texts (const QuiltContainer *container,
                 const QuiltSpec *spec,
                 char *ret_texts[QUILT_ETC_FILES])
{
  const QuiltOptions *options = quilt_container_get_record (container)->options;
  g_autofree char *hostname = find_hostname (container, spec);

  for (guint i = 0; i < QUILT_ETC_FILES; i++) {
    g_autofree char *path = g_build_filename ("/etc", quilt_etc_name (i), NULL);
    g_autofree char *host = NULL;

    if (!quilt_etc_has (i, options))
      continue;
    if (quilt_etc_is_host (i, options))
      g_file_get_contents (path, &host, NULL,
                           NULL); /* if the host lacks the file, it counts as empty */
    ret_texts[i] = quilt_etc_text (i, options, hostname, host);
  }
}

void
quilt_etc_clear (char *texts[QUILT_ETC_FILES])
{
  for (guint i = 0; i < QUILT_ETC_FILES; i++)
    g_clear_pointer (&texts[i], g_free);
}
