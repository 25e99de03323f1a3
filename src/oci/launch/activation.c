/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Socket activation: passes descriptors that systemd gives a service on to its container. */
#include "oci/launch/activation.h"

#include "oci/launch/caller.h"
#include "spec/oci/environment.h"

/* The limit for a service. A larger number is a mistake. */
#define COUNT_MAX 4096

int
quilt_oci_activation_count (const QuiltOci *oci)
{
  const char *text = g_getenv ("LISTEN_FDS");
  g_autoptr (GError) error = NULL;
  guint64 n = 0;

  if (!text)
    return 0;
  if (!g_ascii_string_to_unsigned (text, 10, 0, COUNT_MAX, &n, NULL)) {
    quilt_oci_log_warning (oci->log, "Ignored LISTEN_FDS: it is not a number of descriptors");
    return 0;
  }
  if (quilt_oci_check_preserved ((int)n, &error))
    return (int)n;
  quilt_oci_log_warning (oci->log, "Ignored LISTEN_FDS=%s: %s", text, error->message);
  return 0;
}

void
quilt_oci_activation_set_env (QuiltProcess *process, int n)
{
  const char *names = g_getenv ("LISTEN_FDNAMES");
  g_autofree char *text = g_strdup_printf ("%d", n);

  quilt_environment_set (process, "LISTEN_FDS", text);
  if (names)
    quilt_environment_set (process, "LISTEN_FDNAMES", names);
}
