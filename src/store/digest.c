/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content digests as file names. */
#include "store/digest.h"

#include <string.h>

gboolean
quilt_digest_hex_check (const char *text)
{
  return strspn (text, "0123456789abcdef") == QUILT_DIGEST_HEX_LENGTH &&
         text[QUILT_DIGEST_HEX_LENGTH] == '\0';
}

const char *
quilt_digest_hex (const char *digest)
{
  const char *hex;

  if (!digest || !g_str_has_prefix (digest, QUILT_DIGEST_PREFIX))
    return NULL;
  hex = digest + strlen (QUILT_DIGEST_PREFIX);
  return quilt_digest_hex_check (hex) ? hex : NULL;
}
