/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reports that the container's init sends to the supervisor until the command runs, and their
 * wording. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The stage at which a child of ours failed. report.c has a verb for each. */
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
  QUILT_STAGE_CREATE_CONTAINER, /* hooks of this kind */
  QUILT_STAGE_START_CONTAINER,
  QUILT_STAGE_DOMAINNAME,
  QUILT_STAGE_PERSONALITY,
  QUILT_STAGE_PROPAGATION,
  QUILT_STAGE_JOIN,
  QUILT_STAGE_PROVIDE,
  QUILT_N_STAGES,
} QuiltStage;

/* The reason why a command can't be executed. */
typedef enum {
  QUILT_COMMAND_OK,
  QUILT_COMMAND_NOT_FOUND, /* object: the command */
  QUILT_COMMAND_DANGLING,  /* detail: the missing target of the link */
  QUILT_COMMAND_IS_DIRECTORY,
  QUILT_COMMAND_NOT_PERMITTED,  /* not executable: mode, noexec, … */
  QUILT_COMMAND_NO_INTERPRETER, /* detail: the script's missing interpreter */
  QUILT_COMMAND_NO_LOADER,      /* detail: the missing ELF interpreter */
  QUILT_COMMAND_FOREIGN,        /* detail: the machine that the program is for */
  QUILT_COMMAND_NO_LIBRARY,     /* detail: the missing library */
  QUILT_COMMAND_NOT_A_PROGRAM,
  QUILT_COMMAND_BAD_LOADER, /* detail: the ELF interpreter, which is not executable */
  /* detail: a capability of the program's file that the container may not have */
  QUILT_COMMAND_FILE_CAPABILITY,
  QUILT_COMMAND_NO_SHELL, /* object: the shell of the user's login, which is missing */
  QUILT_COMMAND_FAILED,   /* error: the errno */
  QUILT_N_COMMAND_PROBLEMS,
} QuiltCommandProblem;

typedef enum {
  QUILT_REPORT_READY = 1,  /* the root is built; waits for the answer */
  QUILT_REPORT_STEP,       /* setup step `step` is next; waits */
  QUILT_REPORT_STEPS_DONE, /* all steps have succeeded and none of their processes is left; waits */
  QUILT_REPORT_EXEC,       /* execve() is next; end of file then means that it succeeded */
  /* problem, object, detail: a doubt about the command, which is executed anyway */
  QUILT_REPORT_WARNING,
  QUILT_REPORT_STAGE_FAILED, /* stage, error, object, detail */
  QUILT_REPORT_COMMAND_BAD,  /* problem, error, object, detail; step 0 is the command itself */
  QUILT_REPORT_STEP_FAILED,  /* step; status as of wait(2), or timed_out */
  QUILT_REPORT_MOUNTED,      /* the caller's hooks may run; waits */
  QUILT_REPORT_CREATED,      /* waits for the answer, and then at the gate */
  /* error: the number that the listener's descriptor will have, which seccomp(2) is about to make.
   * The init continues when the byte at address step | status << 32 is not 0 */
  QUILT_REPORT_LISTENER,
  /* stage: the hook's kind; object: its path; detail: its output; error, status, timed_out */
  QUILT_REPORT_HOOK_FAILED,
  QUILT_REPORT_JOINED, /* the init is in all joined namespaces except a pid namespace */
  /* status: the pid of the caller's child that continues in the init's place, in the joined pid
   * namespace; error: a pidfd of it, which the receiver owns. The child waits */
  QUILT_REPORT_BORN,
  QUILT_REPORT_LAST = QUILT_REPORT_BORN,
} QuiltReportType;

/* One report, sent as one message. The sender must not allocate. */
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

/* Initializes a report of this type; all other fields are zero. */
void quilt_report_init (QuiltReport *report, QuiltReportType type);

/* Child-safe. Fails only if the supervisor is gone. */
gboolean quilt_report_send (int channel, const QuiltReport *report);

/* Child-safe. Sends BORN with the pidfd, which the sender keeps. */
gboolean quilt_report_send_born (int channel, pid_t pid, int pid_fd);

/* Returns 1 if a report was received, 0 at end of file, and -1 with errno set: EAGAIN, or EBADMSG
 * for an invalid report. */
int quilt_report_receive (int channel, QuiltReport *ret_report);

/* As quilt_report_receive(), but waits for a report. */
int quilt_report_await (int channel, QuiltReport *ret_report);

/* Sets the error that describes a report of failure. */
void quilt_report_to_error (const QuiltReport *report, GError **error);
/* The text of a warning. Owned by the caller. */
char *quilt_report_to_warning (const QuiltReport *report);

/* If the init has already reported a failure, replaces *error by that: the failure is the cause of
 * the error. */
void quilt_report_prefer (int channel, GError **error);
