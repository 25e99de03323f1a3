/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The encoding of messages as bytes. Version 2 is a header and fields, each with a tag and a
 * length. Version 1 is a fixed struct, which supervisors of an earlier quiltd use.
 * docs/architecture.md, "The wire", describes both. */
#pragma once

#include "proto/message-types.h"

/* The largest size of a message in bytes, and of a body inside it. */
#define QUILT_WIRE_SIZE_MAX 8192
#define QUILT_WIRE_BODY_MAX 4096

/* The parts of a message that QuiltMessage lacks. */
typedef struct {
  /* descriptors with the message; always 0 in version 1, which does not count them */
  guint32 n_fds;
  const void *body; /* NULL: the bytes contain no body */
  gsize body_size;
  gboolean body_is_file; /* the last descriptor is the body, with body_size bytes */
} QuiltWire;

/* Encodes the message in the version that it names, and returns the number of bytes. Version 1 has
 * no room for a request, a session and a body, so they are left out. */
gsize quilt_wire_encode (const QuiltMessage *message,
                         const QuiltWire *wire,
                         guint8 ret_bytes[QUILT_WIRE_SIZE_MAX]);

/* Decodes a message of either version. The body points into bytes. Skips unknown fields. Returns
 * FALSE with errno set: EBADMSG if the bytes are malformed, EPROTONOSUPPORT if the version is
 * unknown. */
gboolean
quilt_wire_decode (const guint8 *bytes, gsize size, QuiltMessage *ret_message, QuiltWire *ret_wire);
