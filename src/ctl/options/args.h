/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of run and create, as typed. */
#pragma once

#include <glib.h>

/* The value of an option, as bytes. The option determines the member. NULL or FALSE if the option
 * was not given. */
typedef union {
  char *text;
  char **texts;
  gboolean flag;
} QuiltCreateValue;

#define QUILT_CREATE_OPTIONS_MAX 96

typedef struct {
  QuiltCreateValue values[QUILT_CREATE_OPTIONS_MAX];
  gboolean detach; /* only of run, as the next two */
  char *detach_keys, *sig_proxy;
  gboolean live; /* parsed for update */
} QuiltCreateArgs;

/* The value of the option --name. */
QuiltCreateValue *quilt_create_find (QuiltCreateArgs *args, const char *name);
const QuiltCreateValue *quilt_create_get (const QuiltCreateArgs *args, const char *name);
