/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loaders of programs (ELF interpreters), and the places where each looks for libraries:
 * ld.so(8), ldconfig(8), and musl's ldso/dynlink.c. */
#pragma once

#include "look/verify/root.h"

typedef enum {
  QUILT_LOADER_GLIBC,
  QUILT_LOADER_MUSL,
  QUILT_LOADER_UNKNOWN,
} QuiltLoaderKind;

typedef struct QuiltLoader QuiltLoader;

/* interpreter is the path that the program names; real_path where it leads. */
QuiltLoader *quilt_loader_new (QuiltRoot *root, const char *interpreter, const char *real_path);
void quilt_loader_free (QuiltLoader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltLoader, quilt_loader_free)

QuiltLoaderKind quilt_loader_get_kind (const QuiltLoader *self);

/* Whether the loader has the library in itself. */
gboolean quilt_loader_provides (const QuiltLoader *self, const char *name);

/* The directories that the loader searches last, NULL-terminated. Borrowed. */
char *const *quilt_loader_get_directories (const QuiltLoader *self);

/* Returns the meaning of $LIB in a path. Borrowed. */
const char *quilt_loader_get_lib (const QuiltLoader *self);

/* The paths that the loader's cache (/etc/ld.so.cache) has for a library, NULL-terminated.
 * Borrowed; NULL: none. */
char *const *quilt_loader_find_in_cache (const QuiltLoader *self, const char *name);

/* Looks for a library in the directories that /etc/ld.so.conf names. ldconfig(8) reads that file;
 * the loader does not. Returns the path, owned by the caller, or NULL. */
char *
quilt_loader_find_by_configuration (const QuiltLoader *self, QuiltRoot *root, const char *name);
