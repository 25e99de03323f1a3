/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the mounts of a container that does not run, for quilt-copy. */
#include "daemon/sessions/copy-plan.h"

#include "daemon/containers/plan.h"
#include "proto/copy-request.h"
#include "spec/oci/oci.h"

#include <string.h>

/* The files that a start makes in the directory of a run do not exist now. */
static void
leave_run_files_out (QuiltSpec *spec, const char *run)
{
  for (guint i = 0; i < spec->mounts->len;) {
    const QuiltMount *mount = spec->mounts->pdata[i];

    if (mount->source && g_str_has_prefix (mount->source, run))
      g_ptr_array_remove_index (spec->mounts, i);
    else
      i++;
  }
}

/* Nothing runs in the container, so it needs no namespace of another container, no devices and no
 * settings of the kernel. */
static void
leave_life_out (QuiltSpec *spec)
{
  spec->namespaces |=
      QUILT_NS_MOUNT | QUILT_NS_PID | QUILT_NS_NETWORK | QUILT_NS_IPC | QUILT_NS_UTS;
  g_ptr_array_set_size (spec->joins, 0);
  g_ptr_array_set_size (spec->start_container, 0);
  g_hash_table_remove_all (spec->sysctls);
  g_array_set_size (spec->devices, 0);
  spec->process.terminal = FALSE;
}

/* After such a mount, overlayfs refuses to mount the same directories again. */
static void
leave_volatile_out (QuiltSpec *spec)
{
  for (guint i = 0; i < spec->mounts->len; i++) {
    const QuiltMount *mount = spec->mounts->pdata[i];
    guint kept = 0;

    if (g_strcmp0 (mount->type, "overlay") != 0)
      continue;
    for (char **option = mount->options; *option; option++) {
      if (strcmp (*option, "volatile") == 0)
        g_free (*option);
      else
        mount->options[kept++] = *option;
    }
    mount->options[kept] = NULL;
  }
}

int
quilt_copy_plan (const QuiltContainer *container, GError **error)
{
  const QuiltContainersParts *parts =
      quilt_containers_parts (quilt_container_get_containers (container));
  const char *id = quilt_container_get_record (container)->id;
  g_autofree char *run = quilt_run_dir_get_path (parts->run_dirs, id);
  g_autoptr (QuiltSpec) spec = quilt_container_plan (container, error);
  g_autofree char *text = NULL;

  if (!spec)
    return -1;
  leave_run_files_out (spec, run);
  leave_life_out (spec);
  leave_volatile_out (spec);
  g_free (spec->root_path);
  spec->root_path = g_path_get_dirname (run); /* a mount point in a namespace of its own */
  text = quilt_spec_print (spec, FALSE);
  return quilt_copy_memory_new ("config.json", text, strlen (text), error);
}
