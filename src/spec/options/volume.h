/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The grammar of --volume: a file or directory of the host, and its place in the container. */
#pragma once

#include "spec/options/entries.h"

/* Of each kind an option is one word. */
typedef enum {
  QUILT_VOLUME_TREE,        /* "rbind" or "bind": with what is mounted below, or without */
  QUILT_VOLUME_ACCESS,      /* "rw" or "ro" */
  QUILT_VOLUME_SUID,        /* "nosuid" or "suid" */
  QUILT_VOLUME_DEV,         /* "nodev" or "dev" */
  QUILT_VOLUME_EXEC,        /* "exec" or "noexec" */
  QUILT_VOLUME_PROPAGATION, /* "rprivate", "private", "rslave" or "slave" */
  QUILT_VOLUME_IDS,         /* "idmap" or "noidmap"; NULL: idmap where there are ids to map */
  QUILT_VOLUME_KINDS,
} QuiltVolumeKind;

typedef struct {
  char *source; /* absolute and plain, on the host */
  char *destination;
  const char *words[QUILT_VOLUME_KINDS]; /* static; the first of each kind unless asked for */
} QuiltVolume;

void quilt_volume_clear (QuiltVolume *volume);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltVolume, quilt_volume_clear)

extern const QuiltShape quilt_volume_shape; /* (ssas): source, destination, options */

/* Reads such a structure; ret_volume is the caller's to clear, and untouched on failure:
 * INVALID_ARGUMENT, or NOT_SUPPORTED for what other engines have, naming option and member. */
gboolean
quilt_volume_read (const char *option, GVariant *entry, QuiltVolume *ret_volume, GError **error);

/* A whole list: each destination once. */
gboolean quilt_volumes_check (const char *option, GVariant *volumes, GError **error);

/* With the list of --tmpfs: that no volume lies where one of those does, and that none has its ids
 * mapped where there are none to map to. */
gboolean
quilt_volumes_check_together (GVariant *volumes, GVariant *tmpfs, gboolean has_ids, GError **error);

/* Whether one was asked for with its device nodes. */
gboolean quilt_volumes_have_nodes (GVariant *volumes);

/* The options of its bind mount, as mount(8) and OCI spell them; NULL-terminated, the caller's.
 * has_ids: the container has ids of its own. Those that permit are left out, since they would lift
 * what the host's own mount forbids. */
char **quilt_volume_mount_options (const QuiltVolume *volume, gboolean has_ids);
