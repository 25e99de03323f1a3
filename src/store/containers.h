/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Container records and directories: containers/ID. */
#pragma once

#include "spec/id-map.h"
#include "spec/options/options.h"
#include "store/store.h"

typedef struct {
  char *id;
  char *image;        /* as the user named it */
  char *image_digest; /* "sha256:HEX" */
  guint32 owner;      /* uid of the creator */
  guint64 created_usec;
  GArray *uid_map; /* of QuiltIdMap, what options->userns came to; NULL: the host's own ids */
  GArray *gid_map;
  QuiltOptions *options; /* options->name is the current name */
  gboolean is_volatile;  /* made by a run that also removes it: gone with the host's boot */
  char *more;            /* keys of a newer Quilt, as JSON; NULL: none */
} QuiltContainerRecord;

void quilt_container_record_free (QuiltContainerRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltContainerRecord, quilt_container_record_free)

/* The last run. started but not finished: it runs, or the host went down meanwhile. */
typedef struct {
  guint64 started_usec;
  guint64 finished_usec;
  int exit_code; /* -1: none, or unknown */
  int signal;
  guint step;       /* setup step that failed, or 0 */
  char *reason;     /* "" before the first run; else as WaitContainer's reason */
  char *error;      /* "" if nothing is wrong */
  char *error_name; /* after "org.quilt.Error."; "" if nothing is wrong */
  char *more;       /* keys of a newer Quilt, as JSON; NULL: none */
  /* It can't be read: whether there is a run only the supervisor knows. It stays as it is until the
   * next run is begun, or the end of one is known. */
  gboolean unreadable;
} QuiltResult;

void quilt_result_clear (QuiltResult *result);
/* As its file holds it. */
json_object *quilt_result_to_json (const QuiltResult *result);
/* Makes *ret_copy one of its own; what it held is not freed. */
void quilt_result_copy (const QuiltResult *result, QuiltResult *ret_copy);

/* Makes containers/ID with record, upper and work: all or nothing, by one rename. Durable, unless
 * the container is volatile. */
gboolean
quilt_container_create (QuiltStore *store, const QuiltContainerRecord *record, GError **error);
/* Also of one without a record that can be read: a power cut may leave a volatile container so. */
gboolean quilt_container_is_volatile (QuiltStore *store, const char *id);
/* Replaces the record (rename, update); durable. */
gboolean
quilt_container_save (QuiltStore *store, const QuiltContainerRecord *record, GError **error);
gboolean quilt_container_save_result (
    QuiltStore *store, const char *id, const QuiltResult *result, gboolean durable, GError **error);

/* How a run ended while quiltd was away, if its supervisor has kept that as this file (a
 * QuiltMessage) in the container's directory. It goes when the next run begins. */
#define QUILT_CONTAINER_EXIT "exit"
/* The container's directory; -1 on error. */
int quilt_container_open (QuiltStore *store, const char *id, GError **error);

/* All records with their last results. on_broken as in store/images.h; the directory is left alone.
 * An error if one can't be read now (BUSY), so that no container seems broken that is not. */
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

/* The id maps of a container whose record is otherwise unreadable, as far as they are readable.
 * NULL: there are none, or they are unreadable. */
void quilt_container_salvage_ids (QuiltStore *store,
                                  const char *id,
                                  GArray **ret_uid_map,
                                  GArray **ret_gid_map);

/* Takes the container out of the store by one rename to .gone-ID, durably (so that it never comes
 * back); quilt_container_delete() then frees the space and may run in a thread. */
gboolean
quilt_container_retire (QuiltStore *store, const char *id, gboolean durable, GError **error);
gboolean quilt_container_delete (QuiltStore *store, const char *id, GError **error);

/* "PATH/containers/ID/NAME". */
char *quilt_container_path (QuiltStore *store, const char *id, const char *name);
json_object *quilt_container_record_to_json (const QuiltContainerRecord *record);
char *quilt_container_record_print (const QuiltContainerRecord *record, gboolean pretty);
