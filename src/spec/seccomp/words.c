/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of linux.seccomp. */
#include "spec/seccomp/words.h"

#include <linux/seccomp.h>

const QuiltSeccompWord quilt_seccomp_actions[] = {
    {"SCMP_ACT_KILL_PROCESS", QUILT_SECCOMP_KILL_PROCESS},
    {"SCMP_ACT_KILL_THREAD", QUILT_SECCOMP_KILL_THREAD},
    {"SCMP_ACT_KILL", QUILT_SECCOMP_KILL_THREAD}, /* comes after the name that is printed */
    {"SCMP_ACT_TRAP", QUILT_SECCOMP_TRAP},
    {"SCMP_ACT_ERRNO", QUILT_SECCOMP_ERRNO},
    {"SCMP_ACT_TRACE", QUILT_SECCOMP_TRACE},
    {"SCMP_ACT_LOG", QUILT_SECCOMP_LOG},
    {"SCMP_ACT_ALLOW", QUILT_SECCOMP_ALLOW},
    {"SCMP_ACT_NOTIFY", QUILT_SECCOMP_NOTIFY},
    {NULL},
};

const QuiltSeccompWord quilt_seccomp_operators[] = {
    {"SCMP_CMP_NE", QUILT_SECCOMP_NE},
    {"SCMP_CMP_LT", QUILT_SECCOMP_LT},
    {"SCMP_CMP_LE", QUILT_SECCOMP_LE},
    {"SCMP_CMP_EQ", QUILT_SECCOMP_EQ},
    {"SCMP_CMP_GE", QUILT_SECCOMP_GE},
    {"SCMP_CMP_GT", QUILT_SECCOMP_GT},
    {"SCMP_CMP_MASKED_EQ", QUILT_SECCOMP_MASKED_EQ},
    {NULL},
};

/* TSYNC is accepted but has no effect, since the process has only one thread. */
const QuiltSeccompWord quilt_seccomp_flags[] = {
    {"SECCOMP_FILTER_FLAG_TSYNC", 0},
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {NULL},
};
