/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The limits and the use of a container as properties: from its record, and while it runs from the
 * kernel, which `systemctl set-property` may have told something else. */
#pragma once

#include "dbus/quilt-bus.h"
#include "spec/options/options.h"

/* Sets the properties of all limits. scope: the directory of its cgroup, where the kernel's values
 * are looked up, or NULL: what options say. */
void
quilt_live_limits_set (QuiltBusContainer *iface, const QuiltOptions *options, const char *scope);

/* Whether a property called name shows a limit. */
gboolean quilt_live_limits_has (const char *name);
/* The same for that one. */
void quilt_live_limits_set_one (QuiltBusContainer *iface,
                                const QuiltOptions *options,
                                const char *scope,
                                const char *name);

/* Bytes of memory and µs of CPU time at this moment; G_MAXUINT64 where that is not known. */
guint64 quilt_live_memory (const char *scope);
guint64 quilt_live_cpu_usec (const char *scope);
/* Whether all processes of the scope stand still: it is frozen, or a slice that it is in. Cheap: a
 * list asks for each container that runs. */
gboolean quilt_live_is_frozen (const char *scope);
