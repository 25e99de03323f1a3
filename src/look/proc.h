/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses the files of a process in /proc: proc(5). A process chooses its name, so a name may
 * contain any bytes but NUL. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The kernel's limit of a task's name, with some room for later kernels. */
#define QUILT_PROC_NAME_MAX 64
/* The kernel's limit of nested pid namespaces is 32. */
#define QUILT_PROC_LEVELS_MAX 40

/* Of /proc/PID/stat. */
typedef struct {
  char name[QUILT_PROC_NAME_MAX];
  char state; /* the letter, such as 'S' */
  pid_t parent;
  guint32 threads;
  guint64 cpu_ticks;   /* user and system time */
  guint64 start_ticks; /* since the boot */
  guint64 memory_pages;
} QuiltProcStat;

/* Of /proc/PID/status. */
typedef struct {
  guint32 uid; /* the effective one, on the host */
  /* The pid in our pid namespace, then in each namespace below, down to the process's own. */
  pid_t pids[QUILT_PROC_LEVELS_MAX];
  guint n_pids;
} QuiltProcStatus;

/* Both are pure. They return FALSE, and leave *ret_… untouched, if the text is not such a file. */
gboolean quilt_proc_parse_stat (const char *text, QuiltProcStat *ret_stat);
gboolean quilt_proc_parse_status (const char *text, QuiltProcStatus *ret_status);

/* Splits the first bytes of /proc/PID/cmdline into arguments: at most max_args, without empty ones
 * at the end, where programs that change their title leave NULs. *ret_cut: whether there are more
 * than max_args. Pure. The caller owns the result, NULL-terminated. */
char **
quilt_proc_split_command (const char *bytes, gsize length, guint max_args, gboolean *ret_cut);
