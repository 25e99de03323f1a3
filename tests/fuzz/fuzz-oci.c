/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The OCI configuration: what is read is printed and read again as the same. */
#include "fuzz.h"

#include "base/error.h"
#include "spec/oci/oci.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (QuiltSpec) spec = NULL;
  g_autoptr (QuiltSpec) again = NULL;
  g_autofree char *text = NULL;
  g_autofree char *reprinted = NULL;
  GError *error = NULL;

  spec = quilt_spec_parse ((const char *)data, size, &error);
  if (!spec) {
    FUZZ_CHECK_REFUSED (error);
    return 0;
  }
  FUZZ_CHECK (error == NULL);
  FUZZ_CHECK (spec->namespaces & QUILT_NS_MOUNT || quilt_spec_joins (spec, QUILT_NS_MOUNT));
  FUZZ_CHECK (spec->process.args[0] && spec->process.cwd[0] == '/');
  text = quilt_spec_print (spec, FALSE);
  again = quilt_spec_parse (text, strlen (text), &error);
  g_assert_no_error (error);
  reprinted = quilt_spec_print (again, FALSE);
  g_assert_cmpstr (text, ==, reprinted);
  return 0;
}
