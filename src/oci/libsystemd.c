/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sd-bus(3), loaded when systemd is asked for something. */
#include "oci/libsystemd.h"

#include "base/error.h"

#include <dlfcn.h>

#define SONAME "libsystemd.so.0"

gboolean
quilt_sd_bus_load (QuiltSdBus *ret_library, GError **error)
{
  QuiltSdBus library;
  /* Lazily: hardly any function of it, and of what it needs itself, is called. */
  void *handle = dlopen (SONAME, RTLD_LAZY);

  /* Where it was when Quilt was built: a system without a common library directory. */
  if (!handle)
    handle = dlopen (LIBSYSTEMD_DIR "/" SONAME, RTLD_LAZY);
#define LOAD(name)                                                                                 \
  library.name = handle ? (__typeof__ (library.name))dlsym (handle, "sd_bus_" #name) : NULL;       \
  if (!library.name) {                                                                             \
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to load " SONAME ": %s",          \
                 dlerror ());                                                                      \
    return FALSE;                                                                                  \
  }
  QUILT_SD_BUS_FUNCTIONS (LOAD)
#undef LOAD
  *ret_library = library;
  return TRUE;
}
