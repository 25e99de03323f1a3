/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of the host that a process gets beside those of the container (--provide). Pure. */
#pragma once

#include <glib.h>

typedef enum {
  QUILT_PROVIDE_SHELL = 1 << 0, /* sh */
  QUILT_PROVIDE_TOOLS = 1 << 1, /* all usual programs of busybox, sh among them */
  QUILT_PROVIDE_CA = 1 << 2,    /* certificates of authorities, for TLS */
} QuiltProvide;

/* The directory inside the container's root that holds them, and names in it. */
#define QUILT_PROVIDE_DIRECTORY ".quilt"
#define QUILT_PROVIDE_PROGRAMS "bin"
#define QUILT_PROVIDE_CERTIFICATES "ca-certificates.crt"

/* Reads words of shell, tools and ca, separated by commas. ret_provide gets a mask of QuiltProvide.
 * Error: INVALID_ARGUMENT. */
gboolean quilt_provide_parse (const char *text, guint *ret_provide, GError **error);

/* Checks such a text. Error: INVALID_ARGUMENT. */
gboolean quilt_provide_check (const char *text, GError **error);
