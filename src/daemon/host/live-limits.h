/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows a container's options and its use of resources as properties of its object. The options
 * come from its record. While the container runs, limits come from the kernel, since `systemctl
 * set-property` may have changed them. */
#pragma once

#include "dbus/server/export.h"
#include "spec/options/options.h"

/* Sets each property that options.toml names to the value of its option. */
void quilt_live_limits_set (QuiltExport *exported, const QuiltOptions *options);

/* Whether the property called name shows a value of a cgroup's file while the container runs. */
gboolean quilt_live_limits_has (guint property);
/* Sets such a property to the kernel's value. scope is the directory of the container's cgroup. */
void quilt_live_limits_set_one (QuiltExport *exported,
                                const QuiltOptions *options,
                                const char *scope,
                                guint property);

/* Current bytes of memory, and used CPU time in µs; G_MAXUINT64 if unknown. */
guint64 quilt_live_memory (const char *scope);
guint64 quilt_live_cpu_usec (const char *scope);
/* Whether the scope, or a slice above it, is frozen. Cheap, since a list calls it for each running
 * container. */
gboolean quilt_live_is_frozen (const char *scope);
