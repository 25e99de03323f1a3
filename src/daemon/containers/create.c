/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CreateContainer and RunContainer. */
#include "daemon/containers/create.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus/admission.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/bus/event.h"
#include "daemon/bus/work.h"
#include "daemon/containers/create-ids.h"
#include "daemon/containers/lifecycle.h"
#include "daemon/containers/plan.h"
#include "daemon/containers/records.h"
#include "daemon/containers/run-dir.h"
#include "daemon/containers/setup.h"
#include "daemon/containers/share.h"
#include "daemon/host/limits.h"
#include "spec/names.h"

/* Freed with its call. */
typedef struct {
  QuiltContainers *containers;
  const QuiltContainersParts *parts; /* of containers */
  QuiltCall *call;                   /* owned since the authorization; NULL when answered */
  /* the name that the caller gave; after the look-up, a name of the image or its digest */
  char *image;
  char *digest;  /* digest of the image for which the caller was checked */
  char **images; /* the names by which a rule may know the image */
  QuiltOptions *options;
  GPtrArray *others; /* of QuiltContainer: containers whose namespaces it shares */
  QuiltContainer *container;
  QuiltStreams streams;
  gboolean run;
  guint64 caps; /* its bounding set */
} Creation;

static void
creation_free (Creation *creation)
{
  g_clear_pointer (&creation->options, quilt_options_free);
  g_ptr_array_unref (creation->others);
  g_clear_object (&creation->container);
  quilt_streams_clear (&creation->streams);
  g_free (creation->image);
  g_free (creation->digest);
  g_strfreev (creation->images);
  g_free (creation);
}

static void
answer (Creation *creation, const GError *error)
{
  const QuiltContainersParts *parts = creation->parts; /* the answer frees creation */
  QuiltCall *call = g_steal_pointer (&creation->call);
  QuiltContainer *container = creation->container;

  if (error)
    quilt_bus_error_return (call, error);
  else
    quilt_call_return (call, g_variant_new ("(os)", quilt_container_get_path (container),
                                            quilt_container_get_record (container)->id));
  quilt_hub_release (parts->hub);
}

/* Keeps the error of a start while the new container is removed. */
typedef struct {
  Creation *creation;
  GError *error;
} Failure;

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  Failure *failure = data;

  answer (failure->creation, failure->error);
  g_error_free (failure->error);
  g_free (failure);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  Creation *creation = data;
  GError *error = NULL;
  Failure *failure;

  if (g_task_propagate_boolean (G_TASK (result), &error)) {
    answer (creation, NULL);
    return;
  }
  failure = g_new0 (Failure, 1);
  failure->creation = creation;
  failure->error = error;
  quilt_container_wait (creation->container,
                        g_task_new (creation->container, NULL, on_removed, failure));
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer data)
{
  Creation *creation = data;
  QuiltContainer *container = creation->container;
  const QuiltContainerRecord *record = quilt_container_get_record (container);
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error)) {
    quilt_run_dir_remove (creation->parts->run_dirs, record->id, NULL);
    quilt_container_discard (container);
    answer (creation, error);
    return;
  }
  quilt_container_publish (container);
  quilt_event_log (QUILT_EVENT_CONTAINER_CREATED,
                   &(QuiltEventFields){.container_id = record->id,
                                       .container_name = record->options->name,
                                       .image_name = record->image,
                                       .image_digest = record->image_digest},
                   "Container %s was created from image %s", record->options->name, record->image);
  if (creation->run)
    quilt_container_start (container, &creation->streams,
                           g_task_new (container, NULL, on_started, creation));
  else
    answer (creation, NULL);
}

/* Checks everything about the container before anything is made. */
static QuiltContainer *
prepare (Creation *creation, GArray *uid_map, GArray *gid_map, const char *user, GError **error)
{
  QuiltContainers *containers = creation->containers;
  QuiltImage *image = quilt_images_get (creation->parts->images, creation->digest);
  QuiltImage *kept;
  g_autoptr (QuiltContainer) container = NULL;
  g_autoptr (QuiltSpec) spec = NULL;
  QuiltContainerRecord *record;

  if (!image || quilt_image_is_being_removed (image)) {
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "Image '%s' was removed",
                 creation->image);
    return NULL;
  }
  if (creation->run && !creation->options->name)
    quilt_containers_draw_name (containers, creation->options);
  else if (!quilt_containers_reserve_name (containers, &creation->options->name, error))
    return NULL;
  record = g_new0 (QuiltContainerRecord, 1);
  record->id = quilt_id_new ();
  record->image = g_strdup (creation->image);
  record->image_digest = g_strdup (quilt_image_get_digest (image));
  record->owner = quilt_admission_get_uid (creation->call);
  record->created_usec = (guint64)g_get_real_time ();
  record->uid_map = quilt_id_map_copy (uid_map);
  record->gid_map = quilt_id_map_copy (gid_map);
  record->options = g_steal_pointer (&creation->options);
  record->is_volatile = creation->run && record->options->auto_remove;
  if (!record->options->userns)
    record->options->userns = g_strdup (QUILT_USERNS_AUTO);
  if (!record->options->user)
    record->options->user = g_strdup (user ? user : quilt_image_get_record (image)->config.user);
  kept = quilt_setup_find (creation->parts, record, image);
  if (kept)
    record->setup_image = g_strdup (quilt_image_get_digest (kept));
  container = quilt_container_new (containers, record, kept ? kept : image);
  spec = quilt_container_plan (container, error);
  if (spec && quilt_host_limits_check (&creation->parts->defaults, record->options, error)) {
    creation->caps = spec->process.capabilities.bounding;
    return g_steal_pointer (&container);
  }
  quilt_container_discard (container);
  return NULL;
}

/* Make the filter now, so that its errors are errors of the creation and not of the start. */
static void
on_filter_made (GObject *source, GAsyncResult *result, gpointer data)
{
  Creation *creation = data;
  const QuiltContainerRecord *record = quilt_container_get_record (creation->container);
  g_autoptr (GError) error = NULL;

  if (!quilt_filters_make_finish (result, &error)) {
    quilt_container_discard (creation->container);
    answer (creation, error);
    return;
  }
  if (record->is_volatile)
    quilt_run_dir_announce (creation->parts->run_dirs, record->id);
  quilt_records_create (creation->parts->store, record, on_created, creation);
}

static void
on_ids (GArray *uid_map, GArray *gid_map, const char *user, const GError *failure, gpointer data)
{
  Creation *creation = data;
  g_autoptr (GError) error = NULL;

  creation->container = failure ? NULL : prepare (creation, uid_map, gid_map, user, &error);
  if (!creation->container) {
    answer (creation, failure ? failure : error);
    return;
  }
  quilt_filters_make_async (
      creation->parts->filters,
      quilt_options_get_seccomp (quilt_container_get_record (creation->container)->options),
      creation->caps, on_filter_made, creation);
}

static void
create_authorized (QuiltCall *call, gpointer data)
{
  Creation *creation = data;

  creation->call = call;
  quilt_hub_hold (creation->parts->hub);
  quilt_create_ids (creation->containers, creation->options->userns, quilt_admission_get_uid (call),
                    on_ids, creation);
}

static void
add_details (const Creation *creation, GPtrArray *details, const char *option)
{
  quilt_authority_add_image_details (details, creation->run ? "run" : "create",
                                     creation->options->name, creation->images, creation->digest,
                                     option);
}

/* The right to manage containers must not give root's power, so ask polkit about each option that
 * would. */
static void
manage_authorized (QuiltCall *call, gpointer data)
{
  Creation *creation = data;
  g_autofree const char **options = quilt_options_privileges (creation->options);
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  const char *why;

  if (!quilt_options_need_privilege (creation->options, &why)) {
    create_authorized (call, creation);
    return;
  }
  for (const char **option = options; *option; option++)
    add_details (creation, details, *option);
  quilt_authority_require (quilt_hub_get_authority (creation->parts->hub), call,
                           QUILT_ACTION_PRIVILEGED, details, create_authorized, creation);
}

static void
require (Creation *creation, QuiltCall *call)
{
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  add_details (creation, details, NULL);
  /* A container that shares another container's namespaces can do everything to it that the other's
   * own processes can. */
  for (guint i = 0; i < creation->others->len; i++)
    g_ptr_array_add (details, quilt_container_new_details (creation->others->pdata[i], "share"));
  quilt_authority_require (quilt_hub_get_authority (creation->parts->hub), call,
                           QUILT_ACTION_MANAGE_CONTAINERS, details, manage_authorized, creation);
}

static gboolean
read_request (Creation *creation, GVariant *options, GError **error)
{
  g_autoptr (GVariant) complete =
      g_variant_ref_sink (quilt_defaults_complete (&creation->parts->defaults, options));
  QuiltImage *image = quilt_images_find (creation->parts->images, creation->image, error);

  if (!image || !quilt_image_check_base (image, creation->image, error))
    return FALSE;
  creation->digest = g_strdup (quilt_image_get_digest (image));
  creation->images = quilt_image_get_rule_names (image, creation->image);
  g_free (creation->image);
  creation->image = g_strdup (creation->images[0]);
  creation->options = quilt_options_from_variant (complete, error);
  return creation->options &&
         quilt_share_bind (creation->containers, creation->options, creation->others, error);
}

static Creation *
creation_new (QuiltContainers *containers, QuiltCall *call, const char *image)
{
  Creation *creation = g_new0 (Creation, 1);

  creation->containers = containers;
  creation->parts = quilt_containers_parts (containers);
  creation->image = g_strdup (image);
  creation->others = g_ptr_array_new_with_free_func (g_object_unref);
  creation->streams = (QuiltStreams)QUILT_STREAMS_NONE;
  quilt_call_attach (call, "quilt-creation", creation, (GDestroyNotify)creation_free);
  return creation;
}

void
quilt_create_container (QuiltContainers *containers,
                        QuiltCall *call,
                        const char *image,
                        GVariant *options)
{
  Creation *creation = creation_new (containers, call, image);
  gboolean details = FALSE;
  const QuiltDictKey keys[] = {{QUILT_BUS_ERROR_DETAILS, 'b', &details, NULL}};
  g_autoptr (GVariant) rest = NULL;
  g_autoptr (GError) error = NULL;

  rest = quilt_dict_take (options, keys, G_N_ELEMENTS (keys), &error);
  if (rest)
    g_variant_ref_sink (rest);
  if (details)
    quilt_bus_error_give_details (call);
  if (rest && read_request (creation, rest, &error))
    require (creation, call);
  else
    quilt_bus_error_return (call, error);
}

void
quilt_run_container (QuiltContainers *containers,
                     QuiltCall *call,
                     const char *image,
                     GVariant *options)
{
  Creation *creation = creation_new (containers, call, image);
  gboolean details = FALSE;
  const QuiltDictKey keys[] = {{QUILT_BUS_ERROR_DETAILS, 'b', &details, NULL}};
  g_autoptr (GVariant) others = NULL;
  g_autoptr (GVariant) rest = NULL;
  g_autoptr (GError) error = NULL;

  creation->run = TRUE;
  others = quilt_dict_take (options, keys, G_N_ELEMENTS (keys), &error);
  if (others)
    g_variant_ref_sink (others);
  if (details)
    quilt_bus_error_give_details (call);
  rest = others ? quilt_streams_take (&creation->streams, call, others, &error) : NULL;
  if (rest && read_request (creation, rest, &error))
    require (creation, call);
  else
    quilt_bus_error_return (call, error);
}
