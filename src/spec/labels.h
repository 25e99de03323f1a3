/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of a container's confinement: AppArmor profiles and SELinux labels. Pure. */
#pragma once

#include <glib.h>

/* The profile that Quilt installs, and the word for no profile. */
#define QUILT_APPARMOR_DEFAULT "quilt-default"
#define QUILT_APPARMOR_UNCONFINED "unconfined"

/* Checks the name of a profile: 1 to 255 bytes, no blanks or control characters. */
gboolean quilt_apparmor_name_check (const char *name, GError **error);

/* Whether a text like securityfs's apparmor/profiles (lines "NAME (MODE)") lists the profile. */
gboolean quilt_apparmor_profiles_have (const char *profiles, const char *name);

/* Checks "disable", or user:, role:, type:, level: and filetype:, each at most once, with a value
 * of letters, digits and "_.:,-": the values of podman's --security-opt label=. */
gboolean quilt_labels_check (const char *key, char **labels, GError **error);
/* Checks a whole label: three or four parts separated by colons. The last part may contain more
 * colons. */
gboolean quilt_label_check (const char *label);
gboolean quilt_labels_disable (char **labels);

/* Makes the label of the processes and that of the files of the container id, owned by the caller.
 * If labels set no level, two of 1,024 categories, derived from the ID, separate the container from
 * others. See the policy package container-selinux. */
void quilt_labels_plan (char **labels, const char *id, char **ret_process, char **ret_mount);
