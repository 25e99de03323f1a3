/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds a container of an empty image, up to the point where its command would run. No list of
 * requirements is as reliable as a real attempt. */
#include "doctor/trial.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "runtime/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLACE "trial"
#define PATIENCE_MSEC 10000
/* The last range of ids that systemd reserves for containers; quiltd uses the first ones. */
#define IDS 0x6FFF0000

static gboolean
make_place (int state_fd, GError **error)
{
  static const char *const parts[] = {PLACE, PLACE "/layer", PLACE "/upper", PLACE "/work",
                                      PLACE "/root"};

  if (!quilt_tree_remove (state_fd, PLACE, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    if (mkdirat (state_fd, parts[i], 0755) < 0)
      return quilt_set_error_errno (error, errno, "Failed to make directory '%s'", parts[i]);
  return TRUE;
}

static QuiltSpec *
new_spec (const char *state_dir, GError **error)
{
  g_autofree char *layer = g_build_filename (state_dir, PLACE, "layer", NULL);
  g_autofree char *upper = g_build_filename (state_dir, PLACE, "upper", NULL);
  g_autofree char *work = g_build_filename (state_dir, PLACE, "work", NULL);
  g_autofree char *root = g_build_filename (state_dir, PLACE, "root", NULL);
  g_autoptr (GArray) ids = quilt_id_map_new_range (IDS);
  const char *const layers[] = {layer, NULL};
  const QuiltRootfs rootfs = {
      .layers = layers,
      .upper = upper,
      .work = work,
      .mount_point = root,
      .is_volatile = TRUE,
      .uid_map = ids,
      .gid_map = ids,
  };
  g_autoptr (QuiltOptions) options = quilt_options_new ();

  options->command = g_strsplit ("/trial", " ", 1);
  return quilt_spec_new_for_container (PLACE, options, NULL, &rootfs, error);
}

/* The first report is READY, or a failure. */
static void
await_report (const QuiltPayload *payload, QuiltFinding *ret)
{
  struct pollfd channel = {payload->channel, POLLIN, 0};
  g_autoptr (GError) error = NULL;
  QuiltReport report;

  if (poll (&channel, 1, PATIENCE_MSEC) <= 0 ||
      quilt_report_receive (payload->channel, &report) <= 0) {
    quilt_finding_set (ret, QUILT_VERDICT_MISSING, "", "its init ended or hung without a report");
    return;
  }
  if (report.type == QUILT_REPORT_READY) {
    quilt_finding_set (ret, QUILT_VERDICT_GOOD, "", "quiltd could build a container");
    return;
  }
  quilt_report_to_error (&report, &error);
  quilt_finding_set (ret, QUILT_VERDICT_MISSING, "", "%s", error->message);
}

void
quilt_trial_look (const char *state_dir, QuiltFinding *ret)
{
  const QuiltPayloadSetup setup = QUILT_PAYLOAD_SETUP_NONE;
  g_autofd int state_fd = open (state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_auto (QuiltPayload) payload = QUILT_PAYLOAD_NONE;
  g_autoptr (QuiltSpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  if (make_place (state_fd, &error))
    spec = new_spec (state_dir, &error);
  if (spec && quilt_payload_start (spec, &setup, &payload, &error))
    await_report (&payload, ret);
  else
    quilt_finding_set (ret, QUILT_VERDICT_MISSING, "", "%s", error->message);
  quilt_payload_clear (&payload);
  quilt_tree_remove (state_fd, PLACE, NULL);
}
