/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chooses the host's ids for a new container. */
#include "daemon/containers/create-ids.h"

#include "base/error.h"
#include "base/option-error.h"
#include "daemon/containers/container.h"
#include "daemon/host/id-host.h"

typedef struct {
  QuiltContainers *containers;
  QuiltCreateIdsFunc callback;
  gpointer data;
  gboolean keep;
  guint32 uid, gid; /* the ids to keep */
} Request;

/* Frees request. */
static void
answer (Request *request, GArray *uid_map, GArray *gid_map, const GError *error)
{
  g_autofree char *user =
      request->keep ? g_strdup_printf ("%u:%u", request->uid, request->gid) : NULL;

  request->callback (uid_map, gid_map, user, error, request->data);
  g_free (request);
}

/* Never keep root's group. */
static GArray *
make_map (const Request *request, guint32 first, guint32 kept)
{
  return request->keep && kept > 0 ? quilt_id_map_new_keeping (first, kept)
                                   : quilt_id_map_new_range (first);
}

static void
on_range (guint32 first, const GError *failure, gpointer data)
{
  Request *request = data;
  g_autoptr (GArray) uid_map = NULL;
  g_autoptr (GArray) gid_map = NULL;
  g_autoptr (GError) error = NULL;

  if (failure) {
    answer (request, NULL, NULL, failure);
    return;
  }
  uid_map = make_map (request, first, request->uid);
  gid_map = make_map (request, first, request->gid);
  /* This fails only if the id to keep is in the range itself. */
  if (quilt_id_map_check (uid_map, &error) && quilt_id_map_check (gid_map, &error)) {
    answer (request, uid_map, gid_map, NULL);
    return;
  }
  g_prefix_error (&error, "Failed to keep the caller's ids in the container; try again: ");
  answer (request, NULL, NULL, error);
}

static void
find_group (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  guint32 gid = 0;
  GError *error = NULL;

  if (quilt_id_host_get_group (GPOINTER_TO_UINT (data), &gid, &error))
    g_task_return_int (task, (gssize)gid);
  else
    g_task_return_error (task, error);
}

static void
on_group (GObject *source, GAsyncResult *result, gpointer data)
{
  Request *request = data;
  g_autoptr (GError) error = NULL;
  gssize gid = g_task_propagate_int (G_TASK (result), &error);

  if (error) {
    answer (request, NULL, NULL, error);
    return;
  }
  request->gid = (guint32)gid;
  quilt_id_ranges_take (quilt_containers_parts (request->containers)->id_ranges, on_range, request);
}

static void
keep (Request *request)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GError) error = NULL;

  if (request->uid == 0) {
    quilt_option_error_refuse (&error, "userns", "keep-id",
                               "the caller is root, so the container's root would be the host's "
                               "root; use 'auto' or 'host'");
    answer (request, NULL, NULL, error);
    return;
  }
  request->keep = TRUE;
  task = g_task_new (NULL, NULL, on_group, request);
  g_task_set_task_data (task, GUINT_TO_POINTER (request->uid), NULL);
  g_task_run_in_thread (task, find_group);
}

static void
use_map (Request *request, const char *text)
{
  QuiltContainers *containers = request->containers;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) map = quilt_id_map_parse (text, &error);
  const QuiltContainer *other;
  const char *id;
  guint32 taken;

  if (map &&
      (id = quilt_id_ranges_find (quilt_containers_parts (containers)->id_ranges, map, &taken))) {
    other = quilt_containers_get (containers, id);
    quilt_option_error_set (&error, QUILT_ERROR_BUSY, "userns",
                            " to '%s': the host's id %u already belongs to container '%s'", text,
                            taken, other ? quilt_container_get_name (other) : id);
  }
  if (error)
    answer (request, NULL, NULL, error);
  else
    answer (request, map, map, NULL);
}

void
quilt_create_ids (QuiltContainers *containers,
                  const char *userns,
                  guint32 caller,
                  QuiltCreateIdsFunc callback,
                  gpointer data)
{
  Request *request = g_new0 (Request, 1);

  *request = (Request){.containers = containers, .callback = callback, .data = data, .uid = caller};
  if (!userns || g_str_equal (userns, QUILT_USERNS_AUTO))
    quilt_id_ranges_take (quilt_containers_parts (containers)->id_ranges, on_range, request);
  else if (g_str_equal (userns, QUILT_USERNS_HOST))
    answer (request, NULL, NULL, NULL);
  else if (g_str_equal (userns, QUILT_USERNS_KEEP_ID))
    keep (request);
  else
    use_map (request, userns);
}
