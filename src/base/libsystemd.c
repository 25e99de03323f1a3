/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loads libsystemd when it is needed. */
#include "base/libsystemd.h"

#include "base/error.h"

#include <dlfcn.h>
#include <string.h>

#define SONAME "libsystemd.so.0"

gboolean
quilt_libsystemd_load (const char *const *names, void *ret_functions, gsize size, GError **error)
{
  const gsize n = g_strv_length ((char **)names);
  g_autofree void **functions = g_new0 (void *, n);
  /* RTLD_LAZY: we call only a few of the functions of the library and its dependencies. */
  void *handle = dlopen (SONAME, RTLD_LAZY);

  g_return_val_if_fail (size == n * sizeof *functions, FALSE);
  /* On systems without a common library directory, try the directory from build time. */
  if (!handle)
    handle = dlopen (LIBSYSTEMD_DIR "/" SONAME, RTLD_LAZY);
  for (gsize i = 0; i < n; i++) {
    functions[i] = handle ? dlsym (handle, names[i]) : NULL;
    if (!functions[i]) {
      g_set_error (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to load " SONAME ": %s",
                   dlerror ());
      return FALSE;
    }
  }
  memcpy (ret_functions, functions, size);
  return TRUE;
}
