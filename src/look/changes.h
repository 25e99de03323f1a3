/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares a container's own files with its image. */
#pragma once

#include "look/record-pipe.h"
#include "look/walk.h"

/* Adds a record for each change: 'A' (added), 'C' (changed) or 'D' (deleted), and the path; a
 * directory before what is in it, and the entries of a directory in the order of their bytes.
 * Leaves out what Quilt has made as a place for a mount. Then adds the last record: '.', or '!' and
 * a text if something could not be compared. Returns FALSE if output fails. */
gboolean quilt_changes_write (const QuiltChangesOf *of, QuiltRecordPipe *output);
