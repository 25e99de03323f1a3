/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libsystemd, loaded when it is needed. */
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
  /* RTLD_LAZY: hardly any of its functions, and of the libraries that it needs, are called. */
  void *handle = dlopen (SONAME, RTLD_LAZY);

  g_return_val_if_fail (size == n * sizeof *functions, FALSE);
  /* Where it was when Quilt was built: a system without a common library directory. */
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
