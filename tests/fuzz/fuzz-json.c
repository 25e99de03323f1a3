/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON parser: what it takes is printed and read again as the same, what it refuses has an
 * error. */
#include "fuzz.h"

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (json_object) value = NULL;
  g_autoptr (json_object) again = NULL;
  g_autofree char *text = NULL;
  g_autofree char *printed = NULL;
  g_autofree char *reprinted = NULL;
  GError *error = NULL;

  printed = quilt_text_printable ((const char *)data, (gssize)size, 200);
  FUZZ_CHECK (g_utf8_validate (printed, -1, NULL));

  value = quilt_json_parse ((const char *)data, size, 1 << 20, &error);
  if (!value) {
    FUZZ_CHECK_REFUSED (error);
    return 0;
  }
  FUZZ_CHECK (error == NULL);
  text = quilt_json_print (value, FALSE);
  again = quilt_json_parse (text, strlen (text), G_MAXINT, &error);
  g_assert_no_error (error);
  reprinted = quilt_json_print (again, FALSE);
  g_assert_cmpstr (text, ==, reprinted);
  return 0;
}
