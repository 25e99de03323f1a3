/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares a container's own files with its image, and writes a record for each change. */
#include "look/changes.h"

#include <string.h>

static gboolean
add_record (const QuiltChange *change, gpointer data)
{
  return quilt_record_pipe_add (data, change->kind, change->path, change->path_length);
}

gboolean
quilt_changes_write (const QuiltChangesOf *of, QuiltRecordPipe *output)
{
  static const QuiltChangesVisitor visitor = {add_record, NULL};
  g_autofree char *failure = NULL;

  return quilt_changes_walk (of, &visitor, output, &failure) &&
         (failure ? quilt_record_pipe_add (output, '!', failure, strlen (failure))
                  : quilt_record_pipe_add (output, '.', "", 0)) &&
         quilt_record_pipe_flush (output);
}
