/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of a process in /proc, in which the process has chosen its name and its arguments. */
#include "fuzz.h"

#include "look/proc.h"

#include <string.h>

#define MAX_ARGS 8

static void
check_command (const char *bytes, gsize size)
{
  gboolean cut = 7;
  g_auto (GStrv) args = quilt_proc_split_command (bytes, size, MAX_ARGS, &cut);
  gsize length = 0;

  FUZZ_CHECK (cut == TRUE || cut == FALSE);
  FUZZ_CHECK (g_strv_length (args) <= MAX_ARGS);
  for (char **arg = args; *arg; arg++)
    length += strlen (*arg) + 1;
  FUZZ_CHECK (length <= size + 1);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  g_autofree char *text = g_strndup ((const char *)bytes, size);
  QuiltProcStat stat = {0};
  QuiltProcStatus status = {0};

  if (quilt_proc_parse_stat (text, &stat)) {
    FUZZ_CHECK (memchr (stat.name, '\0', sizeof stat.name));
    FUZZ_CHECK (strstr (text, stat.name));
    FUZZ_CHECK (stat.state != '\0' && stat.parent >= 0);
  }
  if (quilt_proc_parse_status (text, &status)) {
    FUZZ_CHECK (status.n_pids > 0 && status.n_pids <= QUILT_PROC_LEVELS_MAX);
    for (guint i = 0; i < status.n_pids; i++)
      FUZZ_CHECK (status.pids[i] >= 0);
  }
  check_command ((const char *)bytes, size);
  return 0;
}
