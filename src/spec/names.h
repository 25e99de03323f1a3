/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammars of names and IDs. Pure, but for quilt_id_new(). */
#pragma once

#include <glib.h>

/* Checks [a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}, and that it does not look like an ID. Returns FALSE and
 * sets INVALID_ARGUMENT with the grammar. */
gboolean quilt_container_name_check (const char *name, GError **error);
/* Checks an image's name: components of [a-z0-9._-] separated by '/', with an optional ":tag"; at
 * most 255 bytes; not a digest. */
gboolean quilt_image_name_check (const char *name, GError **error);
/* Checks a host name by RFC 1123: labels and dots, at most 64 bytes (the kernel's limit). */
gboolean quilt_hostname_check (const char *hostname, GError **error);
/* Checks a NIS domain name, by the rules of host names. */
gboolean quilt_domainname_check (const char *domainname, GError **error);
/* Checks "local", or a name that stays below /usr/share/zoneinfo. */
gboolean quilt_timezone_check (const char *zone, GError **error);
/* Makes a host name from a container's name: one label, with '-' for characters that a label can't
 * have. */
char *quilt_hostname_from_name (const char *container_name);
/* Check an ID of 32 hexadecimal digits, and a prefix of one, at least 1 digit. */
gboolean quilt_id_check (const char *id);
gboolean quilt_id_prefix_check (const char *prefix);
/* Makes a random ID (getrandom(2)) of 32 hexadecimal digits. */
char *quilt_id_new (void);
/* "quilt-NAME.scope". name must have passed quilt_container_name_check(), so it contains nothing
 * that a unit name would have to escape (systemd.unit(5)). */
char *quilt_scope_name (const char *container_name);
