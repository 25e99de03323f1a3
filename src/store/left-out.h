/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of an archive that its layer lacks: counted by kind, with a few paths as examples. */
#pragma once

#include "base/json.h"

typedef enum {
  QUILT_LEFT_OUT_DEVICE,    /* device nodes: a container has its own /dev */
  QUILT_LEFT_OUT_SOCKET,    /* sockets, and types that Linux can't make from an archive */
  QUILT_LEFT_OUT_WHITEOUT,  /* whiteouts: below a single layer there is nothing to hide */
  QUILT_LEFT_OUT_HARD_LINK, /* hard links to an entry that was left out */
  QUILT_LEFT_OUT_XATTR,     /* extended attributes, each counted */
  QUILT_LEFT_OUT_ACL,       /* access control lists, counted once per entry */
  QUILT_LEFT_OUT_BEHIND,    /* bytes after the mark that ends the archive */
  QUILT_LEFT_OUT_KINDS,
} QuiltLeftOutKind;

#define QUILT_LEFT_OUT_EXAMPLES 8

typedef struct {
  guint64 counts[QUILT_LEFT_OUT_KINDS];
  char *examples[QUILT_LEFT_OUT_EXAMPLES + 1]; /* printable paths, NULL-terminated */
} QuiltLeftOut;

void quilt_left_out_clear (QuiltLeftOut *left_out);
void quilt_left_out_copy (QuiltLeftOut *copy, const QuiltLeftOut *left_out);

/* Counts one part. path may be any bytes, and becomes an example if there is room. */
void quilt_left_out_add (QuiltLeftOut *left_out, QuiltLeftOutKind kind, const char *path);

guint64 quilt_left_out_total (const QuiltLeftOut *left_out);

/* The key in JSON and on the bus, such as "device-nodes". */
const char *quilt_left_out_name (QuiltLeftOutKind kind);

/* Adds the key "left-out" to a record, unless nothing was left out. */
void quilt_left_out_write (const QuiltLeftOut *left_out, json_object *record);

/* Parses the value of that key, for tables. The member is a QuiltLeftOut. */
gboolean quilt_left_out_parse (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);
