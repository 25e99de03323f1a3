/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where systemd's units have their cgroups. */
#pragma once

#include <glib.h>

/* The directory of quilt.slice, which need not be there, and of one scope in it. Owned by the
 * caller. */
char *quilt_slice_path (void);
char *quilt_scope_path (const char *scope);

/* The controllers that units of this host can have, separated by blanks; empty: none. Owned by the
 * caller. */
char *quilt_cgroup_controllers (void);
