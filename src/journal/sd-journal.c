/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads sd-journal(3) when a log is read. */
#include "journal/sd-journal.h"

#include "base/libsystemd.h"

gboolean
quilt_sd_journal_load (QuiltSdJournal *ret_library, GError **error)
{
  static const char *const names[] = {
#define NAME(name) "sd_journal_" #name,
      QUILT_SD_JOURNAL_FUNCTIONS (NAME)
#undef NAME
          NULL};

  return quilt_libsystemd_load (names, ret_library, sizeof *ret_library, error);
}
