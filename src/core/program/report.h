/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the container's init tells the supervisor until its command runs, and how that is worded. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Where a child of ours stands when it fails. Each has its verb in report.c. */
typedef enum {
  QUILT_STAGE_PREPARE,
  QUILT_STAGE_OOM_SCORE,
  QUILT_STAGE_CONFINE,
  QUILT_STAGE_PRIVATE,
  QUILT_STAGE_USER_NAMESPACE,
  QUILT_STAGE_LOOPBACK,
  QUILT_STAGE_HOSTNAME,
  QUILT_STAGE_MOUNT,
  QUILT_STAGE_MASK,
  QUILT_STAGE_READONLY,
  QUILT_STAGE_PIVOT,
  QUILT_STAGE_CGROUP_NAMESPACE,
  QUILT_STAGE_KEYRING,
  QUILT_STAGE_CREDENTIALS,
  QUILT_STAGE_SECCOMP,
  QUILT_STAGE_CLOSE,
  QUILT_STAGE_CWD,
  QUILT_STAGE_FORK,
  QUILT_STAGE_REAP,
  QUILT_STAGE_SYSCTL,
  QUILT_STAGE_RLIMIT,
  QUILT_STAGE_USER,
  QUILT_STAGE_PASSWD,
  QUILT_STAGE_TERMINAL,
  QUILT_STAGE_CREATE_CONTAINER, /* hooks */
  QUILT_STAGE_START_CONTAINER,
  QUILT_STAGE_DOMAINNAME,
  QUILT_STAGE_PERSONALITY,
  QUILT_STAGE_PROPAGATION,
  QUILT_STAGE_JOIN,
  QUILT_N_STAGES,
} QuiltStage;

/* Why a command can't be executed. */
typedef enum {
  QUILT_COMMAND_OK,
  QUILT_COMMAND_NOT_FOUND, /* object is the command */
  QUILT_COMMAND_DANGLING,  /* detail: where the link leads */
  QUILT_COMMAND_IS_DIRECTORY,
  QUILT_COMMAND_NOT_PERMITTED,  /* no x bit, noexec, … */
  QUILT_COMMAND_NO_INTERPRETER, /* detail: the script's interpreter */
  QUILT_COMMAND_NO_LOADER,      /* detail: the ELF interpreter */
  QUILT_COMMAND_FOREIGN,        /* detail: the machine that it is for */
  QUILT_COMMAND_NO_LIBRARY,     /* detail: the library */
  QUILT_COMMAND_NOT_A_PROGRAM,
  QUILT_COMMAND_BAD_LOADER,      /* detail: the ELF interpreter, which is there */
  QUILT_COMMAND_FILE_CAPABILITY, /* detail: one that its file gives, and the container may not have
                                  */
  QUILT_COMMAND_FAILED,          /* error */
  QUILT_N_COMMAND_PROBLEMS,
} QuiltCommandProblem;

typedef enum {
  QUILT_REPORT_READY = 1,    /* built; waits for the word to go on */
  QUILT_REPORT_STEP,         /* setup step `step` is next; waits */
  QUILT_REPORT_STEPS_DONE,   /* all have succeeded and nothing of them is left; waits */
  QUILT_REPORT_EXEC,         /* execve() is next; end of file then says that it succeeded */
  QUILT_REPORT_WARNING,      /* problem, object, detail: about the command, which is tried anyway */
  QUILT_REPORT_STAGE_FAILED, /* stage, error, object, detail */
  QUILT_REPORT_COMMAND_BAD,  /* problem, error, object, detail; step: 0 is the command itself */
  QUILT_REPORT_STEP_FAILED,  /* step, and status as wait(2) has it, or timed_out */
  QUILT_REPORT_MOUNTED,      /* hooks may run; waits */
  QUILT_REPORT_CREATED,      /* waits, and then at the gate */
  QUILT_REPORT_LISTENER,     /* error is the descriptor that seccomp(2) is about to make for who is
                              * asked; it goes on when the byte at step | status << 32 is not 0 */
  QUILT_REPORT_HOOK_FAILED,  /* stage is its kind, object its path, detail what it said; error,
                              * status, timed_out */
  QUILT_REPORT_JOINED,       /* it is in all of its namespaces but a pid namespace that it joins */
  QUILT_REPORT_BORN,         /* status: the pid of the caller's child that goes on in its place, in
                              * the pid namespace that it joins; error: a pidfd of it, the
                              * receiver's. That child waits */
  QUILT_REPORT_LAST = QUILT_REPORT_BORN,
} QuiltReportType;

/* One message, written at once, by code that must not allocate. */
typedef struct {
  guint8 type;
  guint8 stage;
  guint8 problem;
  guint8 timed_out;
  guint32 step;
  gint32 error;
  gint32 status;
  char object[512];
  char detail[512];
} QuiltReport;

/* A report with all else zero. */
void quilt_report_init (QuiltReport *report, QuiltReportType type);

/* Child-safe. Fails only when the supervisor is gone. */
gboolean quilt_report_send (int channel, const QuiltReport *report);

/* Likewise, BORN with the pidfd, which stays the sender's. */
gboolean quilt_report_send_born (int channel, pid_t pid, int pid_fd);

/* 1: got one; 0: end of file; -1 with errno: EAGAIN, EBADMSG (it makes no sense). */
int quilt_report_receive (int channel, QuiltReport *ret_report);

/* As quilt_report_receive(), but waits for one. */
int quilt_report_await (int channel, QuiltReport *ret_report);

/* Sets the error that one of the three failures is, in words. */
void quilt_report_to_error (const QuiltReport *report, GError **error);
/* A warning in words. Owned by the caller. */
char *quilt_report_to_warning (const QuiltReport *report);
