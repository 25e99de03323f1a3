/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fields of the store, only for files of this room. */
#pragma once

#include "store/store.h"

struct QuiltStore {
  gatomicrefcount references;
  char *path; /* absolute, since mounts need absolute paths */
  int fd;
  int lock_fd;
  int images_fd;
  int layers_fd;
  int containers_fd;
};
