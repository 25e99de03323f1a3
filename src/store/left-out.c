/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of an archive that its layer lacks. */
#include "store/left-out.h"

#include "base/error.h"
#include "base/text.h"

#define COUNT(kind, name)                                                                          \
  [kind] = {name, QUILT_FIELD_INT, quilt_field_uint64, offsetof (QuiltLeftOut, counts[kind])}

static gboolean parse_examples (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error);

static const QuiltField fields[] = {
    COUNT (QUILT_LEFT_OUT_DEVICE, "device-nodes"),
    COUNT (QUILT_LEFT_OUT_SOCKET, "sockets"),
    COUNT (QUILT_LEFT_OUT_WHITEOUT, "whiteouts"),
    COUNT (QUILT_LEFT_OUT_HARD_LINK, "hard-links"),
    COUNT (QUILT_LEFT_OUT_XATTR, "extended-attributes"),
    COUNT (QUILT_LEFT_OUT_ACL, "access-control-lists"),
    COUNT (QUILT_LEFT_OUT_BEHIND, "bytes-behind-the-end"),
    {"examples", QUILT_FIELD_ARRAY, parse_examples, offsetof (QuiltLeftOut, examples)},
    {NULL},
};

static gboolean
parse_examples (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  char **examples = member;
  g_auto (GStrv) strv = NULL;

  if (!quilt_field_strv (field, value, path, &strv, error))
    return FALSE;
  if (g_strv_length (strv) > QUILT_LEFT_OUT_EXAMPLES) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                 "Failed to read '%s': it has more than %d strings", path, QUILT_LEFT_OUT_EXAMPLES);
    return FALSE;
  }
  for (guint i = 0; strv[i]; i++)
    examples[i] = g_steal_pointer (&strv[i]);
  return TRUE;
}

void
quilt_left_out_clear (QuiltLeftOut *left_out)
{
  for (guint i = 0; left_out->examples[i]; i++)
    g_free (left_out->examples[i]);
  *left_out = (QuiltLeftOut){0};
}

void
quilt_left_out_copy (QuiltLeftOut *copy, const QuiltLeftOut *left_out)
{
  *copy = *left_out;
  for (guint i = 0; copy->examples[i]; i++)
    copy->examples[i] = g_strdup (copy->examples[i]);
}

void
quilt_left_out_add (QuiltLeftOut *left_out, QuiltLeftOutKind kind, const char *path)
{
  guint n = g_strv_length (left_out->examples);

  left_out->counts[kind]++;
  if (n < QUILT_LEFT_OUT_EXAMPLES)
    left_out->examples[n] = quilt_text_quote (path);
}

guint64
quilt_left_out_total (const QuiltLeftOut *left_out)
{
  guint64 total = 0;

  for (guint i = 0; i < QUILT_LEFT_OUT_KINDS; i++)
    total += left_out->counts[i];
  return total;
}

const char *
quilt_left_out_name (QuiltLeftOutKind kind)
{
  return fields[kind].name;
}

void
quilt_left_out_write (const QuiltLeftOut *left_out, json_object *record)
{
  json_object *object;

  if (quilt_left_out_total (left_out) == 0)
    return;
  object = json_object_new_object ();
  for (guint i = 0; i < QUILT_LEFT_OUT_KINDS; i++)
    if (left_out->counts[i] > 0)
      json_object_object_add (object, fields[i].name, json_object_new_uint64 (left_out->counts[i]));
  json_object_object_add (object, "examples",
                          quilt_json_new_strv ((const char *const *)left_out->examples));
  json_object_object_add (record, "left-out", object);
}

gboolean
quilt_left_out_parse (
    const QuiltField *field, json_object *value, const char *path, void *member, GError **error)
{
  return quilt_json_read (fields, value, path, member, error);
}
