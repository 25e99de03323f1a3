/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Seccomp profiles: what is left of one for a machine is printed and read again as the same. */
#include "fuzz.h"

#include "base/error.h"
#include "base/json.h"
#include "spec/seccomp/seccomp.h"

#include <string.h>

static char *
print (const QuiltSeccomp *seccomp)
{
  g_autoptr (json_object) object = quilt_seccomp_to_json (seccomp);

  return quilt_json_print (object, FALSE);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const char *const machines[] = {"x86_64", "aarch64", "i686", "s390x"};
  g_autoptr (QuiltSeccomp) profile = NULL;
  GError *error = NULL;

  profile = quilt_seccomp_profile_parse ((const char *)data, size, &error);
  if (!profile) {
    FUZZ_CHECK_REFUSED (error);
    return 0;
  }
  FUZZ_CHECK (error == NULL);
  for (guint i = 0; i < G_N_ELEMENTS (machines); i++) {
    QuiltSeccompTarget target;
    g_autoptr (QuiltSeccomp) resolved = NULL;
    g_autoptr (QuiltSeccomp) again = NULL;
    g_autoptr (json_object) object = NULL;
    g_autofree char *text = NULL;
    g_autofree char *reprinted = NULL;

    FUZZ_CHECK (
        quilt_seccomp_target_init (&target, machines[i], "6.1", G_GUINT64_CONSTANT (0xff), NULL));
    resolved = quilt_seccomp_resolve (profile, &target);
    FUZZ_CHECK (resolved->arches != 0 && resolved->rules->len <= profile->rules->len);
    text = print (resolved);
    object = quilt_json_parse (text, strlen (text), G_MAXINT, &error);
    g_assert_no_error (error);
    again = quilt_seccomp_read (object, "", &error);
    g_assert_no_error (error);
    reprinted = print (again);
    g_assert_cmpstr (text, ==, reprinted);
  }
  return 0;
}
