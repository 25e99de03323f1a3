/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of an entry of an untrusted archive: its name, owner, time, extended attributes. Pure. */
#pragma once

#include <glib.h>
#include <sys/types.h>
#include <time.h>

/* The name of an entry as a path in the root: no leading '/', no "." components, no empty ones; ""
 * is the root itself. An entry without a name, a ".." component, a component over 255 bytes, more
 * than 256 components or 4095 bytes in all: NULL and BAD_ARCHIVE. */
char *quilt_entry_path (const char *name, GError **error);

/* Sets whether path is a whiteout (a last component ".wh.NAME", or anything in a directory of that
 * kind): OCI's mark for what a layer hides of the layers below. ".wh.", ".wh.." and ".wh...", which
 * would hide the directory itself or its parent: FALSE and BAD_ARCHIVE. */
gboolean quilt_entry_is_whiteout (const char *path, gboolean *ret_whiteout, GError **error);

/* Owners are numbers from 0 to 2^31 - 1; what is beyond wraps around in some tool or means "none".
 */
gboolean quilt_entry_check_owner (const char *path, gint64 uid, gint64 gid, GError **error);

/* A time that every file system can hold: 1970 to 2446, as ext4. */
struct timespec quilt_entry_time (gint64 seconds, long nanoseconds);

/* Whether an extended attribute is kept: file capabilities and user.*, except those by which
 * overlayfs would be told to look elsewhere. */
gboolean quilt_entry_keeps_xattr (const char *name);
