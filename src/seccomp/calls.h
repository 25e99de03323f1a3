/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls by name and architecture. */
#pragma once

#include "spec/seccomp/seccomp.h"

/* The SCMP_ARCH_… of an index of quilt_seccomp_arches[]; 0: this libseccomp does not have it. */
guint32 quilt_calls_arch (guint arch);

/* The AUDIT_ARCH_… that the kernel says. */
guint32 quilt_calls_kernel_arch (guint32 scmp_arch);

/* Whether there is such a system call, on whatever architecture. */
gboolean quilt_calls_exists (const char *name);

/* Whether libseccomp can make rules for it, so that it is the same name on every architecture. */
gboolean quilt_calls_is_known (const char *name);

/* Its number as the kernel sees it on the architecture SCMP_ARCH_…; -1: it has none there. */
gint64 quilt_calls_number (guint32 scmp_arch, const char *name);
