/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message as bytes. Version 2 is a header and fields, each with a tag and a length. Version 1 is
 * a fixed struct; supervisors that an earlier quiltd started speak it. docs/architecture.md, "The
 * wire", describes both. */
#pragma once

#include "proto/message-types.h"

/* The most bytes that a message has, and those of its body among them. */
#define QUILT_WIRE_SIZE_MAX 8192
#define QUILT_WIRE_BODY_MAX 4096

/* The parts of a message that QuiltMessage does not hold. */
typedef struct {
  guint32 n_fds;    /* descriptors that come along; version 1 does not count them: 0 */
  const void *body; /* NULL: none among the bytes */
  gsize body_size;
  gboolean body_is_file; /* the last descriptor is the body, of body_size bytes */
} QuiltWire;

/* Writes the message in the version that it names, and returns the number of bytes. Version 1 has
 * no room for a request, a session and a body: they are left out. */
gsize quilt_wire_encode (const QuiltMessage *message,
                         const QuiltWire *wire,
                         guint8 ret_bytes[QUILT_WIRE_SIZE_MAX]);

/* Reads a message of either version; the body points into bytes. Unknown fields are skipped. FALSE
 * with errno: EBADMSG, the bytes are malformed; EPROTONOSUPPORT, they are of a version that is not
 * known. */
gboolean
quilt_wire_decode (const guint8 *bytes, gsize size, QuiltMessage *ret_message, QuiltWire *ret_wire);
