/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The result of a check. */
#include "doctor/finding.h"

void
quilt_finding_set (
    QuiltFinding *finding, QuiltVerdict verdict, const char *advice, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_vsnprintf (finding->found, sizeof finding->found, format, args);
  va_end (args);
  finding->verdict = verdict;
  g_strlcpy (finding->advice, advice, sizeof finding->advice);
}
