/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of run and create as they were typed. */
#pragma once

#include <glib.h>

/* An option as typed, as bytes: what it is depends on the option, NULL or FALSE where not given. */
typedef union {
  char *text;
  char **texts;
  gboolean flag;
} QuiltCreateValue;

#define QUILT_CREATE_OPTIONS_MAX 96

typedef struct {
  QuiltCreateValue values[QUILT_CREATE_OPTIONS_MAX];
  gboolean detach; /* run alone */
  gboolean live;   /* of update */
} QuiltCreateArgs;

/* The value of the option --name. */
QuiltCreateValue *quilt_create_find (QuiltCreateArgs *args, const char *name);
const QuiltCreateValue *quilt_create_get (const QuiltCreateArgs *args, const char *name);
