/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* pause and resume: freeze and thaw the container's cgroup. */
#include "oci/state/container.h"
#include "oci/cgroup/processes.h"
#include "oci/verbs/verbs.h"

#include "base/error.h"

static QuiltOciContainer *
open_argument (QuiltOci *oci, const char *summary, GError **error)
{
  if (!quilt_oci_parse (oci, NULL, "ID", summary, FALSE, 1, 1, error))
    return NULL;
  return quilt_oci_container_open (oci, oci->argv[1], TRUE, error);
}

/* runc also says "container not running" and "container not paused". */
static int
refuse (const char *verb, const QuiltOciContainer *container, const char *why, GError **error)
{
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE, "Failed to %s container '%s': %s",
               verb, container->id, why);
  return -1;
}

int
quilt_oci_pause (QuiltOci *oci, GError **error)
{
  g_autoptr (QuiltOciContainer) container =
      open_argument (oci, "Suspends all processes of a container.", error);
  QuiltOciStatus status;

  if (!container)
    return -1;
  status = quilt_oci_container_get_status (container);
  if (status == QUILT_OCI_PAUSED)
    return refuse ("pause", container, "it is paused already", error);
  if (status != QUILT_OCI_RUNNING && status != QUILT_OCI_CREATED)
    return refuse ("pause", container, "container not running", error);
  return quilt_oci_cgroup_freeze (&container->cgroup, error) ? 0 : -1;
}

int
quilt_oci_resume (QuiltOci *oci, GError **error)
{
  g_autoptr (QuiltOciContainer) container =
      open_argument (oci, "Resumes the processes of a paused container.", error);

  if (!container)
    return -1;
  if (quilt_oci_container_get_status (container) != QUILT_OCI_PAUSED)
    return refuse ("resume", container, "container not paused", error);
  return quilt_oci_cgroup_thaw (&container->cgroup, error) ? 0 : -1;
}
