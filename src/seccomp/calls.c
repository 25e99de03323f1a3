/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* System calls by name: those of libseccomp, and newer calls that libseccomp lacks. */
#include "seccomp/calls.h"

#include <linux/audit.h>
#include <seccomp.h>
#include <string.h>

/* The bit that marks x32's system call numbers (__X32_SYSCALL_BIT). */
#define X32_BIT 0x40000000

/* Since Linux 5.1 a new call has the same number on all architectures (MIPS adds a constant).
 * Without this table, an allow-list with a newer call would be wrong until the next libseccomp. */
static const struct {
  const char *name;
  guint32 arch; /* 0: all */
  guint16 number;
} newer[] = {
    {"cachestat", 0, 451},
    {"fchmodat2", 0, 452},
    {"map_shadow_stack", 0, 453},
    {"futex_wake", 0, 454},
    {"futex_wait", 0, 455},
    {"futex_requeue", 0, 456},
    {"statmount", 0, 457},
    {"listmount", 0, 458},
    {"lsm_get_self_attr", 0, 459},
    {"lsm_set_self_attr", 0, 460},
    {"lsm_list_modules", 0, 461},
    {"mseal", 0, 462},
    {"setxattrat", 0, 463},
    {"getxattrat", 0, 464},
    {"listxattrat", 0, 465},
    {"removexattrat", 0, 466},
    {"open_tree_attr", 0, 467},
    {"file_getattr", 0, 468},
    {"file_setattr", 0, 469},
    {"uretprobe", SCMP_ARCH_X86_64, 335},
    {"uprobe", SCMP_ARCH_X86_64, 336},
    {"riscv_hwprobe", SCMP_ARCH_RISCV64, 258},
};

/* On i386 these calls exist twice: with their own number, and through socketcall(2) or ipc(2),
 * whose number libseccomp returns. A filter can read the arguments only in the first form. */
static const struct {
  const char *name;
  guint16 number;
} x86_direct[] = {
    {"socket", 359},      {"socketpair", 360},  {"bind", 361},       {"connect", 362},
    {"listen", 363},      {"accept4", 364},     {"getsockopt", 365}, {"setsockopt", 366},
    {"getsockname", 367}, {"getpeername", 368}, {"sendto", 369},     {"sendmsg", 370},
    {"recvfrom", 371},    {"recvmsg", 372},     {"shutdown", 373},   {"semget", 393},
    {"semctl", 394},      {"shmget", 395},      {"shmctl", 396},     {"shmat", 397},
    {"shmdt", 398},       {"msgget", 399},      {"msgsnd", 400},     {"msgrcv", 401},
    {"msgctl", 402},
};

guint32
quilt_calls_arch (guint arch)
{
  const char *name = quilt_seccomp_arches[arch].name + strlen ("SCMP_ARCH_");
  g_autofree char *lower = g_ascii_strdown (name, -1);

  return seccomp_arch_resolve_name (lower);
}

guint32
quilt_calls_kernel_arch (guint32 scmp_arch)
{
  return scmp_arch == SCMP_ARCH_X32 ? AUDIT_ARCH_X86_64 : scmp_arch;
}

gboolean
quilt_calls_is_known (const char *name)
{
  return seccomp_syscall_resolve_name (name) != __NR_SCMP_ERROR;
}

gboolean
quilt_calls_exists (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (newer); i++)
    if (g_str_equal (newer[i].name, name))
      return TRUE;
  return quilt_calls_is_known (name);
}

static gboolean
is_mips (guint32 arch)
{
  return arch == SCMP_ARCH_MIPS || arch == SCMP_ARCH_MIPS64 || arch == SCMP_ARCH_MIPS64N32 ||
         arch == SCMP_ARCH_MIPSEL || arch == SCMP_ARCH_MIPSEL64 || arch == SCMP_ARCH_MIPSEL64N32;
}

gint64
quilt_calls_number (guint32 scmp_arch, const char *name)
{
  int number = seccomp_syscall_resolve_name_arch (scmp_arch, name);

  for (guint i = 0; i < G_N_ELEMENTS (x86_direct) && scmp_arch == SCMP_ARCH_X86; i++)
    if (g_str_equal (x86_direct[i].name, name))
      return x86_direct[i].number;
  if (number >= 0)
    return number;
  for (guint i = 0; i < G_N_ELEMENTS (newer) && number == __NR_SCMP_ERROR; i++)
    if (g_str_equal (newer[i].name, name) &&
        (newer[i].arch ? newer[i].arch == scmp_arch : !is_mips (scmp_arch)))
      return newer[i].number | (scmp_arch == SCMP_ARCH_X32 ? X32_BIT : 0);
  return -1;
}
