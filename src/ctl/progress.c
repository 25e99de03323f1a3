/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows the progress of a job on one line of stderr. */
#include "ctl/progress.h"

#include "ctl/ctl.h"
#include "ctl/text.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR 24

void
quilt_progress_init (QuiltProgress *progress)
{
  *progress = (QuiltProgress){.shown = quilt_ctl_is_fancy (STDERR_FILENO), .fraction = -1};
}

char *
quilt_progress_line (const QuiltProgress *progress, guint64 now_usec)
{
  g_autofree char *bytes = quilt_text_bytes (progress->bytes);
  g_autofree char *rate = quilt_text_bytes (progress->rate);
  GString *line = g_string_new (progress->verb ? progress->verb : "Importing");

  g_string_append_c (line, ' ');
  if (progress->fraction >= 0) {
    guint filled = (guint)(MIN (progress->fraction, 1) * BAR);

    g_string_append_c (line, '[');
    for (guint i = 0; i < BAR; i++)
      g_string_append_c (line, i < filled ? '#' : '.');
    g_string_append_printf (line, "] %3.0f%% ", MIN (progress->fraction, 1) * 100);
  }
  g_string_append (line, bytes);
  if (progress->rate > 0)
    g_string_append_printf (line, ", %s/s", rate);
  if (progress->end_usec > now_usec)
    g_string_append_printf (line, ", %" G_GUINT64_FORMAT "s left",
                            (progress->end_usec - now_usec) / G_USEC_PER_SEC + 1);
  return g_string_free (line, FALSE);
}

/* Cuts the line to the terminal's width: a longer line would wrap, and be drawn again on a new
 * line. Asks for the width each time, since windows change. */
static char *
fit (const char *line)
{
  struct winsize size = {0};

  if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 2)
    return g_strdup (line);
  return quilt_text_ellipsize (line, size.ws_col - 1u);
}

static void
draw (QuiltProgress *progress)
{
  g_autofree char *line = NULL;
  g_autofree char *fitting = NULL;

  if (!progress->shown)
    return;
  line = quilt_progress_line (progress, (guint64)g_get_real_time ());
  fitting = fit (line);
  fprintf (stderr, "\r\033[K%s", fitting);
  fflush (stderr);
  progress->drawn = TRUE;
}

void
quilt_progress_update (QuiltProgress *progress, GVariant *changed)
{
  g_variant_lookup (changed, "Progress", "d", &progress->fraction);
  g_variant_lookup (changed, "Bytes", "t", &progress->bytes);
  g_variant_lookup (changed, "Rate", "t", &progress->rate);
  g_variant_lookup (changed, "ExpectedEndTime", "t", &progress->end_usec);
  draw (progress);
}

void
quilt_progress_show (QuiltProgress *progress, guint64 bytes, guint64 rate)
{
  progress->bytes = bytes;
  progress->rate = rate;
  draw (progress);
}

void
quilt_progress_end (QuiltProgress *progress)
{
  if (progress->drawn)
    fputs ("\r\033[K", stderr);
  progress->drawn = FALSE;
}
