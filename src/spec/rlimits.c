/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Limits of a process, setrlimit(2), as users type them. */
#include "spec/rlimits.h"

#include "base/option-error.h"

#include <string.h>
#include <sys/resource.h>

#define LIMIT(short_name, resource, harmless)                                                      \
  {                                                                                                \
    short_name, #resource, resource, harmless                                                      \
  }

/* Limits of resources that a cgroup also limits, or limits that can only restrict the container. */
#define ANY G_MAXUINT64

static const struct {
  const char *name; /* podman's name */
  const char *oci;
  int resource;
  guint64 harmless; /* the highest value that does not affect the rest of the host */
} limits[] = {
    LIMIT ("as", RLIMIT_AS, ANY),
    LIMIT ("core", RLIMIT_CORE, ANY),
    LIMIT ("cpu", RLIMIT_CPU, ANY),
    LIMIT ("data", RLIMIT_DATA, ANY),
    LIMIT ("fsize", RLIMIT_FSIZE, ANY),
    LIMIT ("locks", RLIMIT_LOCKS, ANY),
    /* Pages that can't be swapped out. This is systemd's default. */
    LIMIT ("memlock", RLIMIT_MEMLOCK, 8 << 20),
    /* The kernel's default, MQ_BYTES_MAX. */
    LIMIT ("msgqueue", RLIMIT_MSGQUEUE, 819200),
    /* A value of 20 allows nice values down to 0. Below 0, the container would get more CPU time
     * than the host's processes. */
    LIMIT ("nice", RLIMIT_NICE, 20),
    LIMIT ("nofile", RLIMIT_NOFILE, ANY),
    LIMIT ("nproc", RLIMIT_NPROC, ANY),
    LIMIT ("rss", RLIMIT_RSS, ANY),
    /* A real-time process runs before all others, and no cgroup limits its CPU time. */
    LIMIT ("rtprio", RLIMIT_RTPRIO, 0),
    LIMIT ("rttime", RLIMIT_RTTIME, ANY),
    LIMIT ("sigpending", RLIMIT_SIGPENDING, ANY),
    LIMIT ("stack", RLIMIT_STACK, ANY),
};

const char *
quilt_rlimit_to_name (int resource)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    if (limits[i].resource == resource)
      return limits[i].oci;
  return NULL;
}

int
quilt_rlimit_from_name (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    if (g_str_equal (limits[i].oci, name))
      return limits[i].resource;
  return -1;
}

static gboolean
read_number (const char *text, guint64 *ret_value)
{
  if (strcmp (text, "-1") == 0 || strcmp (text, "unlimited") == 0) {
    *ret_value = G_MAXUINT64;
    return TRUE;
  }
  return g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT64 - 1, ret_value, NULL);
}

static gboolean
find_name (const char *name, gsize length, int *ret_resource)
{
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    if (strlen (limits[i].name) == length && memcmp (limits[i].name, name, length) == 0) {
      *ret_resource = limits[i].resource;
      return TRUE;
    }
  return FALSE;
}

gboolean
quilt_rlimit_parse (const char *option, const char *text, QuiltRlimit *ret_limit, GError **error)
{
  const char *equals = strchr (text, '=');
  QuiltRlimit limit = {0};
  g_auto (GStrv) numbers = NULL;

  if (!equals)
    return quilt_option_error_refuse (error, option, text, "must be NAME=SOFT or NAME=SOFT:HARD");
  if (!find_name (text, (gsize)(equals - text), &limit.resource))
    return quilt_option_error_refuse (
        error, option, text,
        "there is no such limit; the limits are as, core, cpu, data, fsize, locks, memlock, "
        "msgqueue, nice, nofile, nproc, rss, rtprio, rttime, sigpending, stack");
  numbers = g_strsplit (equals + 1, ":", 3);
  if (!numbers[0] || !read_number (numbers[0], &limit.soft) ||
      (numbers[1] && (numbers[2] || !read_number (numbers[1], &limit.hard))))
    return quilt_option_error_refuse (
        error, option, text, "must be numbers, or -1 or 'unlimited', as in nofile=1024:4096");
  if (!numbers[1])
    limit.hard = limit.soft;
  if (limit.soft > limit.hard)
    return quilt_option_error_refuse (error, option, text, "the soft limit is above the hard one");
  *ret_limit = limit;
  return TRUE;
}

gboolean
quilt_rlimits_check (const char *option, char **texts, GError **error)
{
  guint seen = 0;

  for (; texts && *texts; texts++) {
    QuiltRlimit limit;

    if (!quilt_rlimit_parse (option, *texts, &limit, error))
      return FALSE;
    if (seen & 1U << limit.resource)
      return quilt_option_error_refuse (error, option, *texts, "this limit is given twice");
    seen |= 1U << limit.resource;
  }
  return TRUE;
}

gboolean
quilt_rlimits_are_harmless (char *const *texts)
{
  for (; texts && *texts; texts++) {
    QuiltRlimit limit;

    if (!quilt_rlimit_parse ("ulimits", *texts, &limit, NULL))
      return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
      if (limits[i].resource == limit.resource && limit.hard > limits[i].harmless)
        return FALSE;
  }
  return TRUE;
}
