/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of an archive that its layer lacks: counted by kind, with a few paths as examples. */
#pragma once

#include "base/json.h"

typedef enum {
  QUILT_LEFT_OUT_DEVICE,    /* device nodes: a container's /dev is its own */
  QUILT_LEFT_OUT_SOCKET,    /* sockets, and other types that Linux does not make from an archive */
  QUILT_LEFT_OUT_WHITEOUT,  /* a single layer has nothing below it to hide */
  QUILT_LEFT_OUT_HARD_LINK, /* to one of the above */
  QUILT_LEFT_OUT_XATTR,     /* extended attributes, each counted */
  QUILT_LEFT_OUT_ACL,       /* access control lists, one for each entry that has some */
  QUILT_LEFT_OUT_BEHIND,    /* bytes behind the mark of the archive's end */
  QUILT_LEFT_OUT_KINDS,
} QuiltLeftOutKind;

#define QUILT_LEFT_OUT_EXAMPLES 8

typedef struct {
  guint64 counts[QUILT_LEFT_OUT_KINDS];
  char *examples[QUILT_LEFT_OUT_EXAMPLES + 1]; /* printable paths, NULL-terminated */
} QuiltLeftOut;

void quilt_left_out_clear (QuiltLeftOut *left_out);
void quilt_left_out_copy (QuiltLeftOut *copy, const QuiltLeftOut *left_out);

/* Counts one more; path, any bytes, becomes an example while there is room. */
void quilt_left_out_add (QuiltLeftOut *left_out, QuiltLeftOutKind kind, const char *path);

guint64 quilt_left_out_total (const QuiltLeftOut *left_out);

/* "device-nodes", … : the key in JSON and on the bus. */
const char *quilt_left_out_name (QuiltLeftOutKind kind);

/* Adds the key "left-out" to a record, unless nothing was left out. */
void quilt_left_out_write (const QuiltLeftOut *left_out, json_object *record);

/* For tables: the value of that key. The member is a QuiltLeftOut. */
gboolean quilt_left_out_parse (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
