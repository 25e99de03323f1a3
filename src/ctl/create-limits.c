/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of run, create and update: limits. */
#include "ctl/create-option.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/options/options.h"
#include "spec/options/resources.h"
#include "spec/words.h"

#include <string.h>

#define STOP_TIMEOUT_DEFAULT (10 * G_USEC_PER_SEC)

static gboolean
parse_pids (const char *text, guint64 *ret_value, GError **error)
{
  g_autofree char *quoted = NULL;
  guint64 value;

  /* podman spells "no limit" as -1. */
  if (g_ascii_strcasecmp (text, "infinity") == 0 || strcmp (text, "-1") == 0) {
    *ret_value = G_MAXUINT64;
    return TRUE;
  }
  if (g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT64 - 1, &value, NULL)) {
    *ret_value = value;
    return TRUE;
  }
  quoted = quilt_text_quote (text);
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
               "Failed to read number of processes '%s': must be 1 or more, or 'infinity'", quoted);
  return FALSE;
}

static const QuiltCreateOption options[] = {
    {"memory", 'm', ONE, "Limit memory (512M, 1.5G)", "BYTES", "memory-max", quilt_create_number,
     quilt_parse_byte_limit, TRUE, QUILT_INFINITY},
    {"cpus", 0, ONE, "Limit CPU time (1.5, 150%)", "NUMBER", "cpu-quota", quilt_create_number,
     quilt_parse_cpus, TRUE, QUILT_INFINITY},
    {"pids-limit", 0, ONE, "Limit processes", "NUMBER", "pids-max", quilt_create_number, parse_pids,
     TRUE, QUILT_INFINITY},
    {"strict-limits", 0, FLAG, "Refuse limits that can't be in force", NULL, "strict-limits",
     quilt_create_flag},
    {"slice", 0, ONE, "Put it into a slice of quilt.slice", "NAME", "slice", quilt_create_text},
    {"cgroup-parent", 0, ONE, "The same", "NAME", "slice", quilt_create_text},
    {"memory-reservation", 0, ONE, "Keep this much memory for it", "BYTES", "memory-low",
     quilt_create_number, quilt_parse_bytes, TRUE},
    {"memory-high", 0, ONE, "Slow it down above this", "BYTES", "memory-high", quilt_create_number,
     quilt_parse_byte_limit, TRUE, QUILT_INFINITY},
    {"memory-swap", 0, ONE, "Limit memory and swap together", "BYTES", "memory-swap",
     quilt_create_number, quilt_parse_byte_limit, TRUE},
    {"cpu-weight", 0, ONE, "Share of CPU time, 1 to 10000", "NUMBER", "cpu-weight",
     quilt_create_number, quilt_parse_weight, TRUE, QUILT_INFINITY},
    {"cpu-shares", 'c', ONE, "The same, 2 to 262144", "NUMBER", "cpu-weight", quilt_create_number,
     quilt_parse_cpu_shares, TRUE, QUILT_INFINITY},
    {"cpuset-cpus", 0, ONE, "CPUs it may use (0-3,8)", "LIST", "cpuset-cpus", quilt_create_text,
     .live = TRUE},
    {"cpuset-mems", 0, ONE, "Memory nodes it may use", "LIST", "cpuset-mems", quilt_create_text,
     .live = TRUE},
    {"io-weight", 0, ONE, "Share of disk time, 1 to 10000", "NUMBER", "io-weight",
     quilt_create_number, quilt_parse_weight, TRUE, QUILT_INFINITY},
    {"blkio-weight", 0, ONE, "The same, 10 to 1000", "NUMBER", "io-weight", quilt_create_number,
     quilt_parse_blkio_weight, TRUE, QUILT_INFINITY},
    {"device-read-bps", 0, MANY, "Limit reading, in a second", "DEVICE:BYTES", "device-read-bps",
     quilt_create_entries, .live = TRUE, .shape = &quilt_byte_rate_shape},
    {"device-write-bps", 0, MANY, "Limit writing", "DEVICE:BYTES", "device-write-bps",
     quilt_create_entries, .live = TRUE, .shape = &quilt_byte_rate_shape},
    {"device-read-iops", 0, MANY, "Limit read operations", "DEVICE:NUMBER", "device-read-iops",
     quilt_create_entries, .live = TRUE, .shape = &quilt_operation_rate_shape},
    {"device-write-iops", 0, MANY, "Limit write operations", "DEVICE:NUMBER", "device-write-iops",
     quilt_create_entries, .live = TRUE, .shape = &quilt_operation_rate_shape},
    {"ip-allow", 0, MANY, "Let these addresses through", "ADDRESS", "ip-allow", quilt_create_list,
     .live = TRUE},
    {"ip-deny", 0, MANY, "Stop traffic with these", "ADDRESS", "ip-deny", quilt_create_list,
     .live = TRUE},
    {"stop-signal", 0, ONE, "Signal that asks it to stop", "SIGNAL", "stop-signal",
     quilt_create_signal, .live = TRUE},
    {"stop-timeout", 0, ONE, "Time from that to SIGKILL", "TIME", "stop-timeout",
     quilt_create_number, quilt_parse_duration, TRUE, STOP_TIMEOUT_DEFAULT},
};

const QuiltCreateTable quilt_create_limits = {options, G_N_ELEMENTS (options)};
