/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Container records and directories: containers/ID. */
#pragma once

#include "spec/id-map.h"
#include "spec/options/options.h"
#include "store/store.h"

typedef struct {
  char *id;
  char *image;        /* the name that the user gave */
  char *image_digest; /* "sha256:HEX" */
  /* digest of the image that has its image's layers, and what its setup steps leave behind; the
   * steps don't run. NULL: none */
  char *setup_image;
  guint32 owner; /* uid of the creator */
  guint64 created_usec;
  GArray *uid_map; /* of QuiltIdMap, resolved from options->userns; NULL: the host's ids */
  GArray *gid_map;
  QuiltOptions *options; /* options->name is the current name */
  gboolean is_volatile;  /* created by a run that also removes it; does not survive a reboot */
  char *more;            /* unknown keys, written by a newer Quilt, as JSON; NULL: none */
} QuiltContainerRecord;

void quilt_container_record_free (QuiltContainerRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltContainerRecord, quilt_container_record_free)

/* The last run. If it has started but not finished, it is running, or the host went down. */
typedef struct {
  guint64 started_usec;
  guint64 finished_usec;
  int exit_code; /* -1 if there is none, or it is unknown */
  int signal;
  guint step;       /* the setup step that failed, or 0 */
  char *reason;     /* "" before the first run; otherwise as the reason of WaitContainer */
  char *error;      /* "" if there is no error */
  char *error_name; /* the name after "org.quilt.Error."; "" if there is no error */
  gboolean set_up;  /* its setup steps have run once, and need not run again */
  char *more;       /* unknown keys, written by a newer Quilt, as JSON; NULL: none */
  /* The result can't be read, so only the supervisor knows whether a run exists. The file stays as
   * it is until the next run begins, or the end of a run is known. */
  gboolean unreadable;
} QuiltResult;

void quilt_result_clear (QuiltResult *result);
/* The result as JSON, as in its file. */
json_object *quilt_result_to_json (const QuiltResult *result);
/* Copies the result. Does not free the former content of *ret_copy. */
void quilt_result_copy (const QuiltResult *result, QuiltResult *ret_copy);

/* Makes containers/ID with record, upper and work, by one rename: either everything or nothing is
 * made. Durable, unless the container is volatile. */
gboolean
quilt_container_create (QuiltStore *store, const QuiltContainerRecord *record, GError **error);
/* Whether the container is volatile. Also works if its record is unreadable, since a power cut may
 * leave a volatile container so. */
gboolean quilt_container_is_volatile (QuiltStore *store, const char *id);
/* Replaces the record, after a rename or an update. Durable. */
gboolean
quilt_container_save (QuiltStore *store, const QuiltContainerRecord *record, GError **error);
gboolean quilt_container_save_result (
    QuiltStore *store, const char *id, const QuiltResult *result, gboolean durable, GError **error);

/* The file in the container's directory in which its supervisor saves the end of a run (a
 * QuiltMessage) while quiltd is away. Removed when the next run begins. */
#define QUILT_CONTAINER_EXIT "exit"
/* Opens the container's directory. Returns -1 on error. */
int quilt_container_open (QuiltStore *store, const char *id, GError **error);

/* Loads all records with their last results. on_broken is as in store/images.h; the directories of
 * broken containers are left alone. If a record can't be read now (BUSY), returns an error, so that
 * no intact container is taken for broken. */
typedef struct {
  QuiltContainerRecord *record;
  QuiltResult result;
} QuiltStoredContainer;
void quilt_stored_container_free (QuiltStoredContainer *stored);
GPtrArray *
quilt_containers_load (QuiltStore *store,
                       void (*on_broken) (const char *id, const GError *why, gpointer data),
                       gpointer data,
                       GError **error);

/* Reads the id maps of a container whose record is otherwise unreadable. NULL: there are no maps,
 * or they are unreadable too. */
void quilt_container_salvage_ids (QuiltStore *store,
                                  const char *id,
                                  GArray **ret_uid_map,
                                  GArray **ret_gid_map);

/* Removes the container from the store by one rename to .gone-ID. If durable, it can't come back
 * after a power cut. quilt_container_delete() then frees the space and may run in a thread. */
gboolean
quilt_container_retire (QuiltStore *store, const char *id, gboolean durable, GError **error);
gboolean quilt_container_delete (QuiltStore *store, const char *id, GError **error);

/* "PATH/containers/ID/NAME". */
char *quilt_container_path (QuiltStore *store, const char *id, const char *name);
json_object *quilt_container_record_to_json (const QuiltContainerRecord *record);
char *quilt_container_record_print (const QuiltContainerRecord *record, gboolean pretty);
