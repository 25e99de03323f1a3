/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interface of a fuzz target: libFuzzer's entry point, and the report of a broken promise. */
#pragma once

#include <glib.h>

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

/* In release builds too, unlike assert(3). */
#define FUZZ_CHECK(condition) g_assert_true (condition)

/* That a refusal tells of one of our errors, in one line of UTF-8; clears it. */
#define FUZZ_CHECK_REFUSED(error)                                                                  \
  G_STMT_START                                                                                     \
  {                                                                                                \
    FUZZ_CHECK ((error) != NULL);                                                                  \
    FUZZ_CHECK ((error)->domain == QUILT_ERROR);                                                   \
    FUZZ_CHECK (g_utf8_validate ((error)->message, -1, NULL));                                     \
    FUZZ_CHECK (strchr ((error)->message, '\n') == NULL);                                          \
    g_clear_error (&(error));                                                                      \
  }                                                                                                \
  G_STMT_END
