/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* --volume: a file or directory of the host, mounted at a path in the container. */
#pragma once

#include "spec/options/entries.h"

/* A volume has at most one option word of each kind. */
typedef enum {
  QUILT_VOLUME_TREE,        /* "rbind" or "bind": with or without the mounts below the source */
  QUILT_VOLUME_ACCESS,      /* "rw" or "ro" */
  QUILT_VOLUME_SUID,        /* "nosuid" or "suid" */
  QUILT_VOLUME_DEV,         /* "nodev" or "dev" */
  QUILT_VOLUME_EXEC,        /* "exec" or "noexec" */
  QUILT_VOLUME_PROPAGATION, /* "rprivate", "private", "rslave" or "slave" */
  QUILT_VOLUME_IDS,         /* "idmap" or "noidmap"; NULL: idmap if the container has its own ids */
  QUILT_VOLUME_KINDS,
} QuiltVolumeKind;

typedef struct {
  char *source; /* absolute, plain path on the host */
  char *destination;
  /* static strings; the default of each kind is its first word */
  const char *words[QUILT_VOLUME_KINDS];
} QuiltVolume;

void quilt_volume_clear (QuiltVolume *volume);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltVolume, quilt_volume_clear)

extern const QuiltShape quilt_volume_shape; /* (ssas): source, destination, options */

/* Reads such a structure. The caller clears ret_volume, which is untouched on error. Sets
 * INVALID_ARGUMENT, or NOT_SUPPORTED for options of other engines; errors name option and
 * member. */
gboolean
quilt_volume_read (const char *option, GVariant *entry, QuiltVolume *ret_volume, GError **error);

/* Checks a whole list: no destination may appear twice. */
gboolean quilt_volumes_check (const char *option, GVariant *volumes, GError **error);

/* Checks volumes together with the list of --tmpfs: no volume may have the path of a tmpfs. idmap
 * is refused if the container has no ids of its own. */
gboolean
quilt_volumes_check_together (GVariant *volumes, GVariant *tmpfs, gboolean has_ids, GError **error);

/* Whether a volume has the option "dev", which allows device nodes. */
gboolean quilt_volumes_have_nodes (GVariant *volumes);

/* The options of its bind mount for mount(8) and OCI; NULL-terminated, owned by the caller.
 * has_ids: the container has its own ids. Permissive options are left out, since they would
 * override restrictions of the host's own mount. */
char **quilt_volume_mount_options (const QuiltVolume *volume, gboolean has_ids);
