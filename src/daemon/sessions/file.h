/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file in a session's directory that tells a later quiltd of the session. */
#pragma once

#include "spec/oci/session.h"

/* plan: what quilt_session_print() has printed. */
gboolean quilt_session_file_write (int directory, const char *plan, GError **error);

/* Reads the file of the session in sessions/NAME. Returns FALSE if it is not a session of that
 * name. */
gboolean quilt_session_file_read (int sessions, const char *name, QuiltSession *ret_values);
