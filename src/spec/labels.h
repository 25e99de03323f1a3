/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names by which a security module confines a container: AppArmor profiles and SELinux labels.
 * Pure. */
#pragma once

#include <glib.h>

/* The profile that Quilt brings along, and the word for none. */
#define QUILT_APPARMOR_DEFAULT "quilt-default"
#define QUILT_APPARMOR_UNCONFINED "unconfined"

/* The name of a profile: 1 to 255 bytes, no blanks or control characters. */
gboolean quilt_apparmor_name_check (const char *name, GError **error);

/* Whether a text like securityfs's apparmor/profiles ("NAME (MODE)", a line each) has the profile.
 */
gboolean quilt_apparmor_profiles_have (const char *profiles, const char *name);

/* "disable", or user:, role:, type:, level: and filetype:, each at most once, with a value of
 * letters, digits and "_.:,-": as podman's --security-opt label=. */
gboolean quilt_labels_check (const char *key, char **labels, GError **error);
/* A whole label: three or four parts by colons, the last of which may have more of them. */
gboolean quilt_label_check (const char *label);
gboolean quilt_labels_disable (char **labels);

/* The label of the container id's processes and that of its files, owned by the caller. Without a
 * level, two categories of 1,024 keep it apart from other containers: they follow from the ID. See
 * the policy package container-selinux. */
void quilt_labels_plan (char **labels, const char *id, char **ret_process, char **ret_mount);
