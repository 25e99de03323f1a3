/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which containers may share what their setup steps leave behind. Pure. */
#pragma once

#include "spec/options/options.h"

typedef enum {
  QUILT_SETUP_CACHE_OFF, /* run the steps at each start, and keep nothing */
  QUILT_SETUP_CACHE_USE, /* use what is kept; if nothing is, run the steps and keep the result */
  QUILT_SETUP_CACHE_REFRESH, /* run the steps, and keep the result instead of an earlier one */
} QuiltSetupCache;

/* The mode for these options. OFF if there are no steps, or if the steps may depend on something
 * that the key does not cover: files and devices of the host, or other containers. */
QuiltSetupCache quilt_setup_cache_get (const QuiltOptions *options);

/* Checks for the table of options. */
gboolean quilt_setup_cache_check (const char *text, GError **error);
gboolean quilt_setup_cache_check_together (const QuiltOptions *options, GError **error);
