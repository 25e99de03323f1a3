/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user and group of a container's processes, as users type them: "USER[:GROUP]", each a name or
 * a number. Only the container's own files resolve names: core/identity/identity.h. */
#pragma once

#include <glib.h>

/* Longest name of a user or a group. */
#define QUILT_USER_NAME_MAX 256

/* Whether length bytes of text are all digits; *ret_id is then the number, G_MAXUINT32 for one that
 * is no id. Allocates nothing. */
gboolean quilt_user_is_number (const char *text, gsize length, guint32 *ret_id);

/* The grammar of USER[:GROUP]. INVALID_ARGUMENT naming text. */
gboolean quilt_user_check (const char *text, GError **error);
/* Of a list of groups. */
gboolean quilt_user_check_groups (const char *option, char **groups, GError **error);

/* Whether text (NULL: nobody was asked for) is the container's root, as far as its name says. */
gboolean quilt_user_is_root (const char *text);
