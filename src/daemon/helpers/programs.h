/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the programs of quiltd's helpers are. */
#pragma once

#include <glib.h>

typedef struct {
  char *path;
  int fd; /* the same, read-only: see quilt_helper_open_dir() */
} QuiltPrograms;

QuiltPrograms *quilt_programs_open (const char *path, GError **error);
void quilt_programs_free (QuiltPrograms *self);
