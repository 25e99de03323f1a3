/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads sd-journal(3) when a log is read. */
#pragma once

#include <glib.h>
#include <systemd/sd-journal.h>

#define QUILT_SD_JOURNAL_FUNCTIONS(F)                                                              \
  F (open)                                                                                         \
  F (close)                                                                                        \
  F (set_data_threshold)                                                                           \
  F (add_match)                                                                                    \
  F (has_runtime_files)                                                                            \
  F (has_persistent_files)                                                                         \
  F (seek_head)                                                                                    \
  F (seek_tail)                                                                                    \
  F (seek_realtime_usec)                                                                           \
  F (next)                                                                                         \
  F (previous)                                                                                     \
  F (get_data)                                                                                     \
  F (get_realtime_usec)                                                                            \
  F (get_cursor)                                                                                   \
  F (restart_data)                                                                                 \
  F (enumerate_data)                                                                               \
  F (process)                                                                                      \
  F (get_fd)                                                                                       \
  F (get_events)                                                                                   \
  F (reliable_fd)

/* Each member is the function sd_journal_NAME. */
typedef struct {
#define QUILT_SD_JOURNAL_MEMBER(name) __typeof__ (&sd_journal_##name) name;
  QUILT_SD_JOURNAL_FUNCTIONS (QUILT_SD_JOURNAL_MEMBER)
#undef QUILT_SD_JOURNAL_MEMBER
} QuiltSdJournal;

/* Loads the library, which stays loaded, and looks up all its functions. FAILED if the host lacks
 * it. */
gboolean quilt_sd_journal_load (QuiltSdJournal *ret_library, GError **error);
