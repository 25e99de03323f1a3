/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checks of an entry of an untrusted archive: its name, owner, time, extended attributes. Pure. */
#pragma once

#include <glib.h>
#include <sys/types.h>
#include <time.h>

/* Turns the name of an entry into a path relative to the root: without a leading '/', "." or empty
 * components; "" is the root itself. Returns NULL and BAD_ARCHIVE for an entry without a name, a
 * ".." component, a component of more than 255 bytes, more than 256 components, or more than 4095
 * bytes. */
char *quilt_entry_path (const char *name, GError **error);

/* Sets whether path is a whiteout: a last component ".wh.NAME", or anything below a directory of
 * such a name. OCI uses whiteouts for files of lower layers that a layer hides. ".wh.", ".wh.." and
 * ".wh...", which would hide the directory itself or its parent, return FALSE and BAD_ARCHIVE. */
gboolean quilt_entry_is_whiteout (const char *path, gboolean *ret_whiteout, GError **error);

/* Owners must be numbers from 0 to 2^31 - 1. Larger numbers overflow in some tools, or mean
 * "none". */
gboolean quilt_entry_check_owner (const char *path, gint64 uid, gint64 gid, GError **error);

/* Limits a time to what every file system can store: 1970 to 2446, as ext4. */
struct timespec quilt_entry_time (gint64 seconds, long nanoseconds);

/* Whether an extended attribute is kept: file capabilities and user.*, but not attributes that
 * would redirect overlayfs. */
gboolean quilt_entry_keeps_xattr (const char *name);
