/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's state on disk: the directory ROOT/ID with "state.json" (the values below),
 * "config.json" (an exact copy of the bundle's from the time of create) and, until it is started,
 * the socket "gate". The directory is in /run, so it does not outlive a boot, as the container's
 * processes don't. */
#pragma once

#include "oci/cgroup/plan.h"
#include "oci/state/oci.h"
#include "spec/oci/oci.h"

#include <sys/types.h>

/* The states of runtime-spec, runtime.md, "State". */
typedef enum {
  QUILT_OCI_CREATING,
  QUILT_OCI_CREATED,
  QUILT_OCI_RUNNING,
  QUILT_OCI_PAUSED, /* not in the specification, but in runc and crun */
  QUILT_OCI_STOPPED,
} QuiltOciStatus;

typedef struct {
  char *id;
  int dir_fd;         /* its directory; if opened with a lock, locked while it is open */
  char *bundle;       /* absolute */
  char *rootfs;       /* absolute */
  char *created;      /* RFC 3339, UTC */
  char *owner;        /* user name, or the uid */
  pid_t pid;          /* pid of its first process; 0: there never was one */
  guint64 start_time; /* start time of pid in clock ticks since boot; see proc(5), /proc/PID/stat */
  gboolean systemd_cgroup;
  QuiltOciCgroup cgroup;
} QuiltOciContainer;

/* Checks an ID: letters, digits and "_+-.", as in runc; at most 255; not "." or "..". Sets
 * INVALID_ARGUMENT. */
gboolean quilt_oci_check_id (const char *id, GError **error);

/* Makes the container's directory, locked. EXISTS if there is one of that name. */
QuiltOciContainer *quilt_oci_container_new (QuiltOci *oci, const char *id, GError **error);

/* Unlocks the container, so that other processes can change it, and locks it again. The second
 * returns FALSE if it was removed meanwhile. */
void quilt_oci_container_unlock (const QuiltOciContainer *container);
gboolean quilt_oci_container_lock_again (const QuiltOciContainer *container);

/* Opens a container. NOT_FOUND ("container 'ID' does not exist"). With lock, waits for processes
 * that change it, and keeps others from changing it. A directory without a readable state, which a
 * killed create leaves, gives a container with pid 0 and without a bundle. */
QuiltOciContainer *
quilt_oci_container_open (QuiltOci *oci, const char *id, gboolean lock, GError **error);

/* Replaces state.json. */
gboolean quilt_oci_container_save (const QuiltOciContainer *container, GError **error);

/* Saves a copy of config.json. */
gboolean quilt_oci_container_save_config (const QuiltOciContainer *container,
                                          gconstpointer data,
                                          gsize size,
                                          GError **error);
/* Reads the configuration from the time of create. */
QuiltSpec *quilt_oci_container_read_spec (const QuiltOciContainer *container, GError **error);

/* The current state, which is computed and never stored. */
QuiltOciStatus quilt_oci_container_get_status (const QuiltOciContainer *container);
const char *quilt_oci_status_to_name (QuiltOciStatus status);

/* Returns a pidfd of its first process; -1 if that has ended, even if its pid was reused. */
int quilt_oci_container_open_pid (const QuiltOciContainer *container);

/* Reads the start time of pid, in clock ticks since boot, and the letter of its state, from
 * /proc/PID/stat; see proc(5). Returns FALSE if there is no such process. */
gboolean quilt_oci_read_start_time (pid_t pid, guint64 *ret_ticks, char *ret_state);

/* Makes the state document of runtime.md with this status, for `state` and for hooks. Owned by the
 * caller. */
char *quilt_oci_container_print_state (const QuiltOciContainer *container,
                                       const QuiltSpec *spec,
                                       QuiltOciStatus status);

/* Removes the directory with its content. */
gboolean
quilt_oci_container_remove (QuiltOci *oci, const QuiltOciContainer *container, GError **error);

/* The ids of all containers, sorted; NULL-terminated. */
char **quilt_oci_container_list (QuiltOci *oci, GError **error);

void quilt_oci_container_free (QuiltOciContainer *container);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltOciContainer, quilt_oci_container_free)
