/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls by name and architecture. */
#pragma once

#include "spec/seccomp/seccomp.h"

/* The SCMP_ARCH_… value for an index of quilt_seccomp_arches[]; 0 if this libseccomp lacks it. */
guint32 quilt_calls_arch (guint arch);

/* The kernel's AUDIT_ARCH_… value for it. */
guint32 quilt_calls_kernel_arch (guint32 scmp_arch);

/* Whether this system call exists on any architecture. */
gboolean quilt_calls_exists (const char *name);

/* Whether libseccomp can make rules for it. Then the rule can use the name on every
 * architecture. */
gboolean quilt_calls_is_known (const char *name);

/* The number that the kernel sees on the architecture SCMP_ARCH_…; -1 if the architecture lacks the
 * call. */
gint64 quilt_calls_number (guint32 scmp_arch, const char *name);
