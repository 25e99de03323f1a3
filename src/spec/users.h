/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user and group of a container's processes, as users type them: "USER[:GROUP]", each a name or
 * a number. Only the container's own files resolve names: core/identity/identity.h. */
#pragma once

#include <glib.h>

/* The longest name of a user or group. */
#define QUILT_USER_NAME_MAX 256

/* Whether length bytes of text are all digits. *ret_id is then the number, or G_MAXUINT32 if it is
 * not a valid id. Allocates nothing. */
gboolean quilt_user_is_number (const char *text, gsize length, guint32 *ret_id);

/* Checks USER[:GROUP]. Sets INVALID_ARGUMENT, which names text. */
gboolean quilt_user_check (const char *text, GError **error);
/* Checks a list of groups. */
gboolean quilt_user_check_groups (const char *option, char **groups, GError **error);

/* Whether text (NULL: no user was requested) means the container's root, judging by the name. */
gboolean quilt_user_is_root (const char *text);
