/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The reports that the container's init sends to the supervisor until the command runs, and their
 * wording. */
#include "core/program/report.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"
#include "core/program/hook.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const struct {
  const char *verb;
  const char *advice; /* "" if the user can do nothing about it */
} stages[] = {
    [QUILT_STAGE_PREPARE] = {"prepare the container's init", ""},
    [QUILT_STAGE_OOM_SCORE] = {"set oom_score_adj to", ""},
    [QUILT_STAGE_CONFINE] = {"confine the container by",
                             "; see --security-opt apparmor= and label="},
    [QUILT_STAGE_PRIVATE] = {"make the container's mounts private", ""},
    [QUILT_STAGE_USER_NAMESPACE] = {"become root of the user namespace", ""},
    [QUILT_STAGE_LOOPBACK] = {"bring the loopback interface up", ""},
    [QUILT_STAGE_HOSTNAME] = {"set the host name", ""},
    [QUILT_STAGE_MOUNT] = {"mount", ""},
    [QUILT_STAGE_MASK] = {"mask", ""},
    [QUILT_STAGE_READONLY] = {"make read-only", ""},
    [QUILT_STAGE_PIVOT] = {"enter the root file system", ""},
    [QUILT_STAGE_CGROUP_NAMESPACE] = {"unshare the cgroup namespace", ""},
    [QUILT_STAGE_KEYRING] = {"join a session keyring", ""},
    [QUILT_STAGE_SECCOMP] = {"load the system call filter", ""},
    [QUILT_STAGE_CREDENTIALS] = {"drop privileges", ""},
    [QUILT_STAGE_CLOSE] = {"close descriptors", ""},
    [QUILT_STAGE_CWD] = {"enter the working directory",
                         "; create it in the image, or choose another directory with --workdir"},
    [QUILT_STAGE_FORK] = {"start a process", ""},
    [QUILT_STAGE_REAP] = {"end what a setup step left running", ""},
    [QUILT_STAGE_SYSCTL] = {"set the kernel's", ""},
    [QUILT_STAGE_USER] = {"look up user or group", ""},
    [QUILT_STAGE_PASSWD] = {"read the container's", ""},
    [QUILT_STAGE_RLIMIT] = {"set the limit", ""},
    [QUILT_STAGE_TERMINAL] = {"open a terminal by",
                              "; is a devpts mounted on /dev/pts in the container?"},
    [QUILT_STAGE_CREATE_CONTAINER] = {"run the createContainer hook", ""},
    [QUILT_STAGE_START_CONTAINER] = {"run the startContainer hook", ""},
    [QUILT_STAGE_DOMAINNAME] = {"set the domain name", ""},
    [QUILT_STAGE_PERSONALITY] = {"set the personality", ""},
    [QUILT_STAGE_PROPAGATION] = {"set the propagation of the root file system to", ""},
    [QUILT_STAGE_JOIN] = {"enter the container's namespaces", ""},
    [QUILT_STAGE_PROVIDE] = {"provide files of the host in", ""},
};

G_STATIC_ASSERT (G_N_ELEMENTS (stages) == QUILT_N_STAGES);

static const struct {
  int code;
  const char *why; /* followed by the quoted detail and the rest */
  const char *rest;
} problems[] = {
    [QUILT_COMMAND_OK] = {QUILT_ERROR_FAILED, "no problem", ""},
    [QUILT_COMMAND_NOT_FOUND] = {QUILT_ERROR_COMMAND_NOT_FOUND,
                                 "there is no such program in the image", ""},
    [QUILT_COMMAND_DANGLING] = {QUILT_ERROR_COMMAND_NOT_FOUND, "it is a link that leads to",
                                ", which the image does not have"},
    [QUILT_COMMAND_IS_DIRECTORY] = {QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "it is a directory", ""},
    [QUILT_COMMAND_NOT_PERMITTED] = {QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "it is not executable",
                                     ""},
    [QUILT_COMMAND_NO_INTERPRETER] = {QUILT_ERROR_COMMAND_NOT_EXECUTABLE,
                                      "it is a script whose interpreter", " can't be executed"},
    [QUILT_COMMAND_NO_LOADER] = {QUILT_ERROR_COMMAND_NOT_EXECUTABLE,
                                 "it is dynamically linked and its loader", " is not in the image"},
    [QUILT_COMMAND_FOREIGN] = {QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "it is a program for",
                               ", which this machine can't execute; use an image for this machine"},
    [QUILT_COMMAND_NO_LIBRARY] = {QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "the library",
                                  " that it needs is not in the image"},
    [QUILT_COMMAND_NOT_A_PROGRAM] = {QUILT_ERROR_COMMAND_NOT_EXECUTABLE,
                                     "it is neither an ELF program nor a script that begins with "
                                     "'#!'",
                                     ""},
    [QUILT_COMMAND_BAD_LOADER] = {QUILT_ERROR_COMMAND_NOT_EXECUTABLE,
                                  "it is dynamically linked and its loader", " can't be executed"},
    [QUILT_COMMAND_FILE_CAPABILITY] = {QUILT_ERROR_COMMAND_NOT_EXECUTABLE,
                                       "its file asks for the capability",
                                       ", which the container may not have; add it with --cap-add, "
                                       "or remove it from the file with setcap(8)"},
    [QUILT_COMMAND_NO_SHELL] = {QUILT_ERROR_COMMAND_NOT_FOUND,
                                "it is the shell of the user, which the container does not have; "
                                "name a program that it has, or use quiltctl debug",
                                ""},
    [QUILT_COMMAND_FAILED] = {QUILT_ERROR_COMMAND_NOT_EXECUTABLE, "", ""},
};

G_STATIC_ASSERT (G_N_ELEMENTS (problems) == QUILT_N_COMMAND_PROBLEMS);

void
quilt_report_init (QuiltReport *report, QuiltReportType type)
{
  memset (report, 0, sizeof *report);
  report->type = type;
}

gboolean
quilt_report_send (int channel, const QuiltReport *report)
{
  ssize_t n;

  do
    n = send (channel, report, sizeof *report, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n == sizeof *report;
}

gboolean
quilt_report_send_born (int channel, pid_t pid, int pid_fd)
{
  QuiltReport report;

  quilt_report_init (&report, QUILT_REPORT_BORN);
  report.status = pid;
  return quilt_fds_send (channel, &report, sizeof report, &pid_fd, 1);
}

static gboolean
is_sound (const QuiltReport *report, guint n_fds)
{
  return report->type >= QUILT_REPORT_READY && report->type <= QUILT_REPORT_LAST &&
         report->stage < QUILT_N_STAGES && report->problem < QUILT_N_COMMAND_PROBLEMS &&
         memchr (report->object, '\0', sizeof report->object) &&
         memchr (report->detail, '\0', sizeof report->detail) &&
         n_fds == (report->type == QUILT_REPORT_BORN ? 1 : 0);
}

int
quilt_report_receive (int channel, QuiltReport *ret_report)
{
  g_autofd int fd = -1;
  QuiltReport report;
  guint n_fds;
  gssize n;

  /* ECONNRESET means that the init ended without reading our last message. The kernel returns it
   * once, before the init's own last reports. */
  do
    n = quilt_fds_receive (channel, MSG_DONTWAIT, &report, sizeof report, &fd, 1, &n_fds);
  while (n < 0 && errno == ECONNRESET);
  if (n < 0 && errno == EMSGSIZE)
    errno = EBADMSG;
  if (n <= 0)
    return (int)n;
  if (n != sizeof report || !is_sound (&report, n_fds))
    return errno = EBADMSG, -1;
  if (n_fds > 0)
    report.error = g_steal_fd (&fd);
  *ret_report = report;
  return 1;
}

int
quilt_report_await (int channel, QuiltReport *ret_report)
{
  struct pollfd more = {channel, POLLIN, 0};
  int r;

  while ((r = quilt_report_receive (channel, ret_report)) < 0 && errno == EAGAIN)
    poll (&more, 1, -1);
  return r;
}

/* An image or a caller chose these names. Print them on one line, whatever they contain. */
static char *
printable (const char *text)
{
  return quilt_text_printable (text, -1, sizeof ((QuiltReport *)0)->object);
}

static char *
command_text (const QuiltReport *report)
{
  g_autofree char *object = printable (report->object);
  g_autofree char *detail = printable (report->detail);
  const char *why = problems[report->problem].why;
  gboolean quoted = report->problem != QUILT_COMMAND_FAILED && *detail;

  return g_strdup_printf (
      "Failed to execute '%s': %s%s%s%s%s", object,
      report->problem == QUILT_COMMAND_FAILED ? g_strerror (report->error) : why,
      quoted ? " '" : "", quoted ? detail : "", quoted ? "'" : "", problems[report->problem].rest);
}

static void
set_stage_error (const QuiltReport *report, GError **error)
{
  g_autofree char *object = printable (report->object);
  g_autofree char *detail = printable (report->detail);
  gboolean full = report->error == ENOSPC || report->error == EDQUOT;
  int code = QUILT_ERROR_FAILED;

  if (full)
    code = QUILT_ERROR_NO_SPACE;
  else if (report->stage == QUILT_STAGE_CWD || report->stage == QUILT_STAGE_USER ||
           report->stage == QUILT_STAGE_PASSWD)
    code = QUILT_ERROR_INVALID_ARGUMENT;
  g_set_error (error, QUILT_ERROR, code, "Failed to %s%s%s: %s%s%s%s", stages[report->stage].verb,
               *object ? " " : "", object, report->error ? g_strerror (report->error) : "",
               report->error && *detail ? ", " : "", detail, stages[report->stage].advice);
}

static void
set_step_error (const QuiltReport *report, GError **error)
{
  if (report->timed_out)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_SETUP_FAILED,
                 "Setup step %u did not end within its timeout and was killed", report->step);
  else if (WIFSIGNALED (report->status))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_SETUP_FAILED,
                 "Setup step %u was killed by signal %d (%s)", report->step,
                 WTERMSIG (report->status), g_strsignal (WTERMSIG (report->status)));
  else
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_SETUP_FAILED,
                 "Setup step %u failed with exit code %d", report->step,
                 WEXITSTATUS (report->status));
}

static void
set_hook_error (const QuiltReport *report, GError **error)
{
  QuiltHookResult result = {
      .error = report->error,
      .status = report->status,
      .timed_out = report->timed_out,
  };

  g_strlcpy (result.said, report->detail, sizeof result.said);
  quilt_hook_to_error (
      &result, report->stage == QUILT_STAGE_CREATE_CONTAINER ? "createContainer" : "startContainer",
      report->object, error);
}

void
quilt_report_to_error (const QuiltReport *report, GError **error)
{
  g_autofree char *text = NULL;

  if (report->type == QUILT_REPORT_HOOK_FAILED) {
    set_hook_error (report, error);
    return;
  }

  if (report->type == QUILT_REPORT_STAGE_FAILED) {
    set_stage_error (report, error);
    return;
  }
  if (report->type == QUILT_REPORT_STEP_FAILED) {
    set_step_error (report, error);
    return;
  }
  text = command_text (report);
  if (report->step > 0)
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_SETUP_FAILED, "Setup step %u: %s", report->step,
                 text);
  else
    g_set_error_literal (error, QUILT_ERROR, problems[report->problem].code, text);
}

char *
quilt_report_to_warning (const QuiltReport *report)
{
  g_autofree char *object = printable (report->object);
  g_autofree char *detail = printable (report->detail);

  return g_strdup_printf ("'%s' may not start: %s '%s'%s", object, problems[report->problem].why,
                          detail, problems[report->problem].rest);
}

void
quilt_report_prefer (int channel, GError **error)
{
  QuiltReport report;

  if (quilt_report_receive (channel, &report) <= 0 ||
      (report.type != QUILT_REPORT_STAGE_FAILED && report.type != QUILT_REPORT_HOOK_FAILED))
    return;
  g_clear_error (error);
  quilt_report_to_error (&report, error);
}
