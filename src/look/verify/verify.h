/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks an image: a program of it, and the files that most programs expect. */
#pragma once

#include <glib.h>

typedef struct {
  int root_fd; /* the image's root directory, whose files may be hostile but don't change */
  const char *program;
  const char *working_directory; /* "" for "/" */
  char *const *env;              /* "NAME=VALUE", NULL-terminated */
} QuiltVerification;

/* Executes nothing. Returns the rows and the results of VerifyImage, (aa{sv}a{sv}), floating. */
GVariant *quilt_verify (const QuiltVerification *of);
