/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signals by number and by name. */
#include "spec/signals.h"

#include "base/error.h"
#include "base/text.h"

#include <signal.h>
#include <string.h>

/* The numbers of glibc and systemd. The C library reserves 32 and 33, so SIGRTMIN is not a
 * constant, but no system has another value. */
#define RT_MIN 34
#define RT_MAX 64

static const struct {
  const char *name;
  int signal;
} aliases[] = {
    {"IOT", SIGABRT},
    {"CLD", SIGCHLD},
    {"IO", SIGPOLL},
};

static int
signal_by_name (const char *name)
{
  guint64 offset = 0;

  for (int i = 1; i < 32; i++)
    if (g_ascii_strcasecmp (sigabbrev_np (i), name) == 0)
      return i;
  for (gsize i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (g_ascii_strcasecmp (aliases[i].name, name) == 0)
      return aliases[i].signal;
  if (g_ascii_strncasecmp (name, "RTMIN", 5) == 0 &&
      (!name[5] || (name[5] == '+' &&
                    g_ascii_string_to_unsigned (name + 6, 10, 0, RT_MAX - RT_MIN, &offset, NULL))))
    return RT_MIN + (int)offset;
  if (g_ascii_strncasecmp (name, "RTMAX", 5) == 0 &&
      (!name[5] || (name[5] == '-' &&
                    g_ascii_string_to_unsigned (name + 6, 10, 0, RT_MAX - RT_MIN, &offset, NULL))))
    return RT_MAX - (int)offset;
  return 0;
}

gboolean
quilt_parse_signal (const char *text, int *ret_signal, GError **error)
{
  const char *name = g_ascii_strncasecmp (text, "SIG", 3) == 0 ? text + 3 : text;
  g_autofree char *quoted = NULL;
  guint64 number;

  if (!g_ascii_string_to_unsigned (text, 10, 1, RT_MAX, &number, NULL))
    number = (guint64)signal_by_name (name);
  if (number == 0) {
    quoted = quilt_text_quote (text);
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read signal '%s': must be 1 to 64 or a name like TERM, SIGHUP or "
                 "RTMIN+3",
                 quoted);
    return FALSE;
  }
  *ret_signal = (int)number;
  return TRUE;
}

char *
quilt_signal_to_string (int signal)
{
  if (signal == RT_MIN)
    return g_strdup ("SIGRTMIN");
  if (signal > RT_MIN && signal <= RT_MAX)
    return g_strdup_printf ("SIGRTMIN+%d", signal - RT_MIN);
  if (signal >= 1 && signal < 32)
    return g_strconcat ("SIG", sigabbrev_np (signal), NULL);
  return g_strdup_printf ("%d", signal);
}
