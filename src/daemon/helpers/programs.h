/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The locations of quiltd's helper programs. */
#pragma once

#include <glib.h>

typedef struct {
  char *path;
  int fd; /* the directory as a read-only mount: see quilt_helper_open_dir() */
} QuiltPrograms;

QuiltPrograms *quilt_programs_open (const char *path, GError **error);
void quilt_programs_free (QuiltPrograms *self);
