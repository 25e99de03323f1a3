/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Without ISA-L, libarchive decompresses gzip. */
#include "transfer/decoder.h"

const QuiltDecoder *
quilt_decoder_gzip (void)
{
  return NULL;
}
