/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sd-journal(3), loaded when a log is read. */
#include "journal/libsystemd.h"

#include "base/error.h"

#include <dlfcn.h>

#define SONAME "libsystemd.so.0"

gboolean
quilt_libsystemd_load (QuiltLibsystemd *ret_library, GError **error)
{
  QuiltLibsystemd library;
  void *handle = dlopen (SONAME, RTLD_NOW);

  /* Where it was when Quilt was built: a system without a common library directory. */
  if (!handle)
    handle = dlopen (LIBSYSTEMD_DIR "/" SONAME, RTLD_NOW);
#define LOAD(name)                                                                                 \
  library.name = handle ? (__typeof__ (library.name))dlsym (handle, "sd_journal_" #name) : NULL;   \
  if (!library.name) {                                                                             \
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to load " SONAME ": %s",          \
                 dlerror ());                                                                      \
    return FALSE;                                                                                  \
  }
  QUILT_LIBSYSTEMD_FUNCTIONS (LOAD)
#undef LOAD
  *ret_library = library;
  return TRUE;
}
