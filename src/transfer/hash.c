/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The digest of a stream of bytes. */
#include "transfer/hash.h"

#include "base/error.h"
#include "store/digest.h"

#include <openssl/evp.h>

QuiltHash *
quilt_hash_new (GError **error)
{
  EVP_MD_CTX *hash = EVP_MD_CTX_new ();

  if (hash && EVP_DigestInit_ex (hash, EVP_sha256 (), NULL) == 1)
    return hash;
  EVP_MD_CTX_free (hash);
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_FAILED, "Failed to set up SHA-256");
  return NULL;
}

void
quilt_hash_free (QuiltHash *hash)
{
  EVP_MD_CTX_free (hash);
}

void
quilt_hash_update (QuiltHash *hash, gconstpointer bytes, gsize length)
{
  EVP_DigestUpdate (hash, bytes, length);
}

char *
quilt_hash_digest (QuiltHash *hash)
{
  guint8 bytes[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  GString *text = g_string_new (QUILT_DIGEST_PREFIX);

  EVP_DigestFinal_ex (hash, bytes, &length);
  for (unsigned int i = 0; i < length; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  return g_string_free (text, FALSE);
}
