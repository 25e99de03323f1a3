/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A container's state on disk: the directory ROOT/ID with "state.json" (the values below),
 * "config.json" (the bundle's, byte by byte, as it was at create) and, until it is started, the
 * socket "gate". /run has it, so it lives as long as the container's processes can. */
#pragma once

#include "oci/cgroup/cgroup.h"
#include "oci/state/oci.h"
#include "spec/oci/oci.h"

#include <sys/types.h>

/* runtime-spec, runtime.md, "State". */
typedef enum {
  QUILT_OCI_CREATING,
  QUILT_OCI_CREATED,
  QUILT_OCI_RUNNING,
  QUILT_OCI_PAUSED, /* beyond the spec, as runc and crun have it */
  QUILT_OCI_STOPPED,
} QuiltOciStatus;

typedef struct {
  char *id;
  int dir_fd;         /* its directory, locked as long as it is open if opened so */
  char *bundle;       /* absolute */
  char *rootfs;       /* absolute */
  char *created;      /* RFC 3339, UTC */
  char *owner;        /* user name, or the number */
  pid_t pid;          /* of its first process; 0: it never got one */
  guint64 start_time; /* of pid: clock ticks since boot; see proc(5), /proc/PID/stat */
  gboolean systemd_cgroup;
  QuiltOciCgroup cgroup;
} QuiltOciContainer;

/* Letters, digits and "_+-." as runc has it; not "." or "..", at most 255. INVALID_ARGUMENT. */
gboolean quilt_oci_check_id (const char *id, GError **error);

/* A directory of its own, locked. EXISTS if there is one of that name. */
QuiltOciContainer *quilt_oci_container_new (QuiltOci *oci, const char *id, GError **error);

/* Lets others change it until it is locked again; that is FALSE if they have removed it. */
void quilt_oci_container_unlock (const QuiltOciContainer *container);
gboolean quilt_oci_container_lock_again (const QuiltOciContainer *container);

/* NOT_FOUND ("container 'ID' does not exist"). With lock, nobody else changes it meanwhile: waits
 * for who does. A directory without a state that can be read, as a create leaves it that was
 * killed, is one with pid 0 and without a bundle. */
QuiltOciContainer *
quilt_oci_container_open (QuiltOci *oci, const char *id, gboolean lock, GError **error);

/* Replaces state.json. */
gboolean quilt_oci_container_save (const QuiltOciContainer *container, GError **error);

/* Keeps config.json as it is now. */
gboolean quilt_oci_container_save_config (const QuiltOciContainer *container,
                                          gconstpointer data,
                                          gsize size,
                                          GError **error);
/* The configuration as it was at create. */
QuiltSpec *quilt_oci_container_read_spec (const QuiltOciContainer *container, GError **error);

/* The current state: looked up, never stored. */
QuiltOciStatus quilt_oci_container_get_status (const QuiltOciContainer *container);
const char *quilt_oci_status_to_name (QuiltOciStatus status);

/* A pidfd of its first process; -1 if that is gone, even if another process has its pid now. */
int quilt_oci_container_open_pid (const QuiltOciContainer *container);

/* When pid was born, in clock ticks since boot, and its state's letter, both as /proc/PID/stat has
 * them; see proc(5). FALSE: there is no such process. */
gboolean quilt_oci_read_start_time (pid_t pid, guint64 *ret_ticks, char *ret_state);

/* The state document of runtime.md, for `state` and for hooks, of status. Owned by the caller. */
char *quilt_oci_container_print_state (const QuiltOciContainer *container,
                                       const QuiltSpec *spec,
                                       QuiltOciStatus status);

/* Removes the directory and all in it. */
gboolean
quilt_oci_container_remove (QuiltOci *oci, const QuiltOciContainer *container, GError **error);

/* The ids of all there are, sorted; NULL-terminated. */
char **quilt_oci_container_list (QuiltOci *oci, GError **error);

void quilt_oci_container_free (QuiltOciContainer *container);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltOciContainer, quilt_oci_container_free)
