/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sd-bus(3), loaded when systemd is asked for something. */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#define QUILT_SD_BUS_FUNCTIONS(F)                                                                  \
  F (new)                                                                                          \
  F (set_address)                                                                                  \
  F (start)                                                                                        \
  F (open_system)                                                                                  \
  F (open_user)                                                                                    \
  F (flush_close_unref)                                                                            \
  F (match_signal)                                                                                 \
  F (call)                                                                                         \
  F (process)                                                                                      \
  F (wait)                                                                                         \
  F (error_free)                                                                                   \
  F (error_has_name)                                                                               \
  F (message_new_method_call)                                                                      \
  F (message_append)                                                                               \
  F (message_append_basic)                                                                         \
  F (message_append_array)                                                                         \
  F (message_open_container)                                                                       \
  F (message_close_container)                                                                      \
  F (message_read)                                                                                 \
  F (message_unref)

/* Each member is the function sd_bus_NAME. */
typedef struct {
#define QUILT_SD_BUS_MEMBER(name) __typeof__ (&sd_bus_##name) name;
  QUILT_SD_BUS_FUNCTIONS (QUILT_SD_BUS_MEMBER)
#undef QUILT_SD_BUS_MEMBER
} QuiltSdBus;

/* Loads the library and looks up all of it; it stays loaded. FAILED where there is none. */
gboolean quilt_sd_bus_load (QuiltSdBus *ret_library, GError **error);
