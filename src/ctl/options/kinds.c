/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses each kind of option of run, create and update. */
#include "ctl/options/kinds.h"

#include "base/error.h"
#include "base/text.h"
#include "spec/quantities.h"
#include "spec/weights.h"

#include <string.h>

static gboolean
parse_count (const char *text, guint64 *ret_value, GError **error)
{
  g_autofree char *quoted = NULL;
  guint64 value;

  /* podman uses -1 for "no limit". */
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

/* As in podman, 0 means no limit. */
static gboolean
parse_runtime (const char *text, guint64 *ret_usec, GError **error)
{
  guint64 usec;

  if (!quilt_parse_duration (text, &usec, error))
    return FALSE;
  *ret_usec = usec ? usec : G_MAXUINT64;
  return TRUE;
}

#define ONE G_OPTION_ARG_FILENAME
#define MANY G_OPTION_ARG_FILENAME_ARRAY
#define FLAG G_OPTION_ARG_NONE

const QuiltCreateKind quilt_create_kinds[] = {
    [QUILT_ARGUMENT_FLAG] = {FLAG, quilt_create_flag},
    [QUILT_ARGUMENT_TEXT] = {ONE, quilt_create_text},
    [QUILT_ARGUMENT_TEXTS] = {MANY, quilt_create_texts},
    [QUILT_ARGUMENT_NAMES] = {MANY, quilt_create_names},
    [QUILT_ARGUMENT_LIST] = {MANY, quilt_create_list},
    [QUILT_ARGUMENT_ENTRIES] = {MANY, quilt_create_entries},
    [QUILT_ARGUMENT_BYTES] = {ONE, quilt_create_number, quilt_parse_bytes},
    [QUILT_ARGUMENT_BYTE_LIMIT] = {ONE, quilt_create_number, quilt_parse_byte_limit},
    [QUILT_ARGUMENT_COUNT] = {ONE, quilt_create_number, parse_count},
    [QUILT_ARGUMENT_CPUS] = {ONE, quilt_create_number, quilt_parse_cpus},
    [QUILT_ARGUMENT_WEIGHT] = {ONE, quilt_create_number, quilt_parse_weight},
    [QUILT_ARGUMENT_CPU_SHARES] = {ONE, quilt_create_number, quilt_parse_cpu_shares},
    [QUILT_ARGUMENT_BLKIO_WEIGHT] = {ONE, quilt_create_number, quilt_parse_blkio_weight},
    [QUILT_ARGUMENT_DURATION] = {ONE, quilt_create_number, quilt_parse_duration},
    [QUILT_ARGUMENT_RUNTIME] = {ONE, quilt_create_number, parse_runtime},
    [QUILT_ARGUMENT_DECIMAL] = {ONE, quilt_create_decimal},
    [QUILT_ARGUMENT_OCTAL] = {ONE, quilt_create_octal},
    [QUILT_ARGUMENT_SIGNAL] = {ONE, quilt_create_signal},
    [QUILT_ARGUMENT_ENV] = {MANY, quilt_create_env},
    [QUILT_ARGUMENT_ENV_FILE] = {MANY, quilt_create_env},
    [QUILT_ARGUMENT_LABEL] = {MANY, quilt_create_labels},
    [QUILT_ARGUMENT_LABEL_FILE] = {MANY, quilt_create_labels},
    [QUILT_ARGUMENT_ENTRYPOINT] = {ONE, quilt_create_entrypoint},
    [QUILT_ARGUMENT_LOG_RATE] = {ONE, quilt_create_log_rate},
    [QUILT_ARGUMENT_VOLUME] = {MANY, quilt_create_volumes},
    [QUILT_ARGUMENT_MOUNT] = {MANY, quilt_create_volumes},
    [QUILT_ARGUMENT_SECURITY] = {MANY, quilt_create_security},
    [QUILT_ARGUMENT_SECCOMP] = {ONE, quilt_create_seccomp},
    [QUILT_ARGUMENT_OWN_FLAG] = {FLAG, NULL},
    [QUILT_ARGUMENT_OWN_FILE] = {ONE, NULL},
};
