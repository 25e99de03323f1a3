/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Functions shared by the stages of the container's init. */
#include "core/init/stage.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* In an existing mount namespace, the root would otherwise stay mounted. */
void
quilt_init_unmount_root (const QuiltInit *init)
{
  if (init->joined_root >= 0 && fchdir (init->joined_root) == 0)
    umount2 (".", MNT_DETACH);
}

void
quilt_init_fail (
    const QuiltInit *init, QuiltStage stage, int error, const char *object, const char *detail)
{
  QuiltReport report;

  quilt_init_unmount_root (init);
  quilt_report_init (&report, QUILT_REPORT_STAGE_FAILED);
  report.stage = (guint8)stage;
  report.error = error;
  g_strlcpy (report.object, object, sizeof report.object);
  g_strlcpy (report.detail, detail, sizeof report.detail);
  quilt_report_send (init->channel, &report);
  _exit (255);
}

void
quilt_init_report (const QuiltInit *init, QuiltReportType type)
{
  QuiltReport report;

  quilt_report_init (&report, type);
  if (!quilt_report_send (init->channel, &report) && !init->setup->outlives)
    _exit (255);
}

void
quilt_init_wait (const QuiltInit *init)
{
  char word;
  ssize_t n;

  do
    n = recv (init->channel, &word, 1, 0);
  while (n < 0 && errno == EINTR);
  if (n != 1)
    _exit (255);
}

void
quilt_init_die_with_parent (void)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  prctl (PR_SET_DUMPABLE, 0, 0, 0,
         0); /* no other process may read our memory or use our descriptors */
}

void
quilt_init_run_hooks (const QuiltInit *init,
                      const GPtrArray *hooks,
                      int state_fd,
                      const QuiltHookChild *child,
                      QuiltStage stage)
{
  QuiltHookResult result;
  QuiltReport report;

  for (guint i = 0; i < hooks->len; i++) {
    const QuiltHook *hook = hooks->pdata[i];

    if (quilt_hook_run (hook, state_fd, init->setup->hook_env, child, -1, &result))
      continue;
    quilt_init_unmount_root (init);
    quilt_report_init (&report, QUILT_REPORT_HOOK_FAILED);
    report.stage = (guint8)stage;
    report.error = result.error;
    report.status = result.status;
    report.timed_out = (guint8)result.timed_out;
    g_strlcpy (report.object, hook->path, sizeof report.object);
    g_strlcpy (report.detail, result.said, sizeof report.detail);
    quilt_report_send (init->channel, &report);
    _exit (255);
  }
}

gboolean
quilt_init_is_exposed (const QuiltInit *init)
{
  const QuiltSpec *spec = init->spec;

  return quilt_joins_await_birth (init->joins) ||
         (!quilt_spec_leaves_host (spec, QUILT_NS_USER) &&
          (init->setup->gate >= 0 || spec->start_container->len > 0));
}
