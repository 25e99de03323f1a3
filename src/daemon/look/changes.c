/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ListChanges: what a container has changed of its image. One quilt-look for each call compares the
 * files and waits for the caller to read, so that quiltd never does. */
#include "daemon/look/changes.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/containers/container.h"
#include "daemon/containers/plan.h"
#include "daemon/helpers/helper.h"
#include "daemon/look/files.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Freed with its call, which lives as long as quilt-look. Until then the caller's quota is
 * charged. */
typedef struct {
  QuiltContainer *container;
  QuiltCall *call; /* NULL until quilt-look runs */
  QuiltHelper *helper;
} Comparison;

static void
comparison_free (gpointer data)
{
  Comparison *self = data;

  g_clear_pointer (&self->helper, quilt_helper_free);
  g_object_unref (self->container);
  g_free (self);
}

static void
on_message (const QuiltMessage *message, gpointer data)
{
  /* quilt-look sends no messages here. */
}

static void
on_closed (gpointer data)
{
  Comparison *self = data;

  g_clear_pointer (&self->helper, quilt_helper_free);
  quilt_call_unref (self->call); /* frees self */
}

static const QuiltHelperEvents events = {on_message, on_closed};

/* Opens the container's own directory and the layers below it, as quilt-look wants them. */
static gboolean
open_trees (const QuiltContainer *container, GArray *fds, GError **error)
{
  QuiltStore *store = quilt_containers_parts (quilt_container_get_containers (container))->store;
  g_autofd int dir_fd =
      quilt_container_open (store, quilt_container_get_record (container)->id, error);
  const char *const *layers = quilt_image_get_layers (quilt_container_get_image (container));

  if (dir_fd < 0 || !quilt_look_files_add_directory (fds, dir_fd, "upper", error))
    return FALSE;
  for (; *layers; layers++)
    if (!quilt_look_files_add_directory (fds, AT_FDCWD, *layers, error))
      return FALSE;
  return TRUE;
}

static gboolean
spawn (Comparison *self, const GArray *fds, GError **error)
{
  const QuiltPrograms *programs =
      quilt_containers_parts (quilt_container_get_containers (self->container))->programs;
  const gboolean has_ids = quilt_container_get_record (self->container)->uid_map != NULL;
  g_autofree char *program = g_build_filename (programs->path, "quilt-look", NULL);
  g_autofree char *n_layers = g_strdup_printf ("%u", fds->len - 3);
  const char *const argv[] = {program, "changes", has_ids ? "user" : "trusted", n_layers, NULL};

  self->helper = quilt_helper_spawn (programs->fd, argv, (const int *)(gpointer)fds->data, fds->len,
                                     &events, self, error);
  return self->helper != NULL;
}

/* Starts quilt-look. Returns the reading end of a pipe that it fills, or -1 on error. */
static int
begin (Comparison *self, GError **error)
{
  g_autoptr (GArray) fds = quilt_look_files_new ();
  g_auto (GStrv) places = quilt_container_plan_places (self->container, error);
  g_autofd int input = -1;
  int ends[2];

  if (!places)
    return -1;
  if (pipe2 (ends, O_CLOEXEC) < 0) {
    quilt_set_error_errno (error, errno, "Failed to make a pipe");
    return -1;
  }
  input = ends[0];
  g_array_append_val (fds, ends[1]);
  return quilt_look_files_add_list (fds, (const char *const *)places, error) &&
                 open_trees (self->container, fds, error) && spawn (self, fds, error)
             ? g_steal_fd (&input)
             : -1;
}

static void
authorized (QuiltCall *call, gpointer data)
{
  Comparison *self = data;
  g_autoptr (GError) error = NULL;
  g_autofd int input = begin (self, &error);

  if (input < 0) {
    quilt_bus_error_return (call, error);
    return;
  }
  self->call = quilt_call_ref (call);
  quilt_call_return_fd (call, g_variant_new ("(h)", 0), g_steal_fd (&input));
}

void
quilt_list_changes (QuiltContainers *containers,
                    QuiltCall *call,
                    const char *name,
                    GVariant *options)
{
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_autoptr (GError) error = NULL;
  QuiltContainer *container = quilt_containers_find (containers, name, &error);
  Comparison *self;

  if (!container || !quilt_dict_read (options, NULL, 0, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  self = g_new0 (Comparison, 1);
  self->container = g_object_ref (container);
  quilt_call_attach (call, "quilt-changes", self, comparison_free);
  g_ptr_array_add (details, quilt_container_new_details (container, "diff"));
  quilt_authority_require (quilt_container_get_authority (container), call, QUILT_ACTION_INSPECT,
                           details, authorized, self);
}
