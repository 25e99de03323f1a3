/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The descriptors that quiltd passes for a layer of a container's changes. */
#include "transfer/commit-input.h"

#include "base/error.h"
#include "base/fd.h"
#include "base/list-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Each directory on the way is open in the container, in its image and in the layer. */
static void
raise_file_limit (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit (RLIMIT_NOFILE, &limit);
  }
}

static void
collect_descriptors (QuiltCommitInput *input, guint n_lowers)
{
  const int upper = QUILT_COMMIT_UPPER;

  input->lowers = g_array_new (FALSE, FALSE, sizeof (int));
  input->reads = g_array_new (FALSE, FALSE, sizeof (int));
  g_array_append_val (input->reads, upper);
  for (guint i = 0; i < n_lowers; i++) {
    const int fd = QUILT_COMMIT_LOWERS + (int)i;

    g_array_append_val (input->lowers, fd);
    g_array_append_val (input->reads, fd);
  }
}

gboolean
quilt_commit_input_prepare (QuiltCommitInput *input,
                            const char *attributes,
                            guint n_lowers,
                            guint64 pause_usec,
                            GError **error)
{
  const gboolean trusted = strcmp (attributes, "trusted") == 0;

  raise_file_limit ();
  collect_descriptors (input, n_lowers);
  input->mounts = quilt_list_file_read (QUILT_COMMIT_MOUNTS);
  if (!input->mounts)
    return quilt_set_error_errno (error, errno, "Failed to read the places of mounts");
  input->proc_fd = open ("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (input->proc_fd < 0)
    return quilt_set_error_errno (error, errno, "Failed to open '/proc/self/fd'");
  input->changes = (QuiltChangesOf){
      .upper_fd = QUILT_COMMIT_UPPER,
      .lowers = input->lowers,
      .attributes = trusted ? &quilt_overlay_trusted : &quilt_overlay_user,
      .mounts = input->mounts,
      .is_strict = TRUE,
  };
  return pause_usec == 0 ||
         quilt_pause_begin (&input->pause, QUILT_COMMIT_SCOPE, pause_usec, error);
}

void
quilt_commit_input_clear (QuiltCommitInput *input)
{
  quilt_pause_clear (&input->pause);
  quilt_fd_clear (&input->proc_fd);
  g_strfreev (input->mounts);
  g_clear_pointer (&input->lowers, g_array_unref);
  g_clear_pointer (&input->reads, g_array_unref);
}
