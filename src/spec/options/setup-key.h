/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key by which containers share what their setup steps leave behind. Pure. */
#pragma once

#include "spec/options/options.h"

/* The result of the steps depends on this too. Strings are borrowed. */
typedef struct {
  const char *image;             /* digest */
  char **image_env;              /* NULL: none */
  const char *working_directory; /* of the image; NULL: none */
  const char *machine;           /* as of uname(2) */
  guint32 owner;                 /* uid of the creator */
} QuiltSetupGround;

/* The key of the steps' result: 64 hexadecimal digits, owned by the caller. Two containers have the
 * same key only if everything that the result depends on is the same. */
char *quilt_setup_key_new (const QuiltOptions *options, const QuiltSetupGround *ground);

/* Whether an option counts in the key. */
gboolean quilt_setup_key_counts (const char *key);
