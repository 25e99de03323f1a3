/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ListProcesses: the processes of a container. quilt-look reads them, since a process decides how
 * long it takes to read its arguments. */
#include "daemon/look/processes.h"

#include "base/error.h"
#include "base/fd.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/containers/container.h"
#include "daemon/helpers/helper.h"
#include "systemd/cgroup.h"

/* quilt-look stops earlier by itself. */
#define PATIENCE_SECONDS 10

/* Freed with its call. */
typedef struct {
  QuiltContainer *container;
  QuiltCall *call; /* NULL until quilt-look runs */
  QuiltHelper *helper;
  guint timer;
} Listing;

static void
listing_free (gpointer data)
{
  Listing *self = data;

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->helper, quilt_helper_free);
  g_object_unref (self->container);
  g_free (self);
}

/* Frees self. */
static void
fail (Listing *self, QuiltError code, const char *why)
{
  g_autoptr (GError) error = g_error_new (QUILT_ERROR, code, "%s", why);

  quilt_bus_error_return (self->call, error);
}

static void
fail_without_run (Listing *self, QuiltCall *call)
{
  g_autoptr (GError) error =
      g_error_new (QUILT_ERROR, QUILT_ERROR_INVALID_STATE, "Container '%s' does not run",
                   quilt_container_get_name (self->container));

  quilt_bus_error_return (call, error);
}

/* A message without a body: an error. */
static void
on_message (const QuiltMessage *message, gpointer data)
{
  if (message->type == QUILT_MESSAGE_ERROR)
    fail (data, message->code, message->text);
}

/* GVariant reads the rows safely, whatever bytes they are. To check them first would double the
 * time that the answer takes. */
static void
on_rows (const QuiltMessage *message, GBytes *body, gpointer data)
{
  Listing *self = data;
  g_autoptr (GVariant) rows =
      g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE ("aa{sv}"), body, FALSE));
  GVariantBuilder results = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  if (message->type != QUILT_MESSAGE_PROCESSES) {
    fail (self, QUILT_ERROR_FAILED, "Failed to list processes: quilt-look sent an invalid answer");
    return;
  }
  if (g_variant_n_children (rows) == 0 && !quilt_container_is_active (self->container)) {
    fail_without_run (self, self->call);
    return;
  }
  g_variant_builder_add (&results, "{sv}", "left-out", g_variant_new_uint64 (message->total));
  quilt_call_return (self->call, g_variant_new ("(@aa{sv}a{sv})", rows, &results));
}

static void
on_closed (gpointer data)
{
  fail (data, QUILT_ERROR_FAILED, "Failed to list processes: quilt-look ended without an answer");
}

static const QuiltHelperEvents events = {
    .message = on_message, .closed = on_closed, .body = on_rows};

static gboolean
on_out_of_patience (gpointer data)
{
  Listing *self = data;

  self->timer = 0;
  quilt_helper_kill (self->helper);
  fail (self, QUILT_ERROR_TIMED_OUT, "Failed to list processes: reading them takes too long");
  return G_SOURCE_REMOVE;
}

static gboolean
begin (Listing *self, int scope_fd, const char *place, GError **error)
{
  const QuiltPrograms *programs =
      quilt_containers_parts (quilt_container_get_containers (self->container))->programs;
  const GArray *map = quilt_container_get_record (self->container)->uid_map;
  g_autofree char *program = g_build_filename (programs->path, "quilt-look", NULL);
  g_autofree char *scope = quilt_scope_cgroup (place);
  g_autofree char *first = g_strdup_printf ("%d", (int)quilt_container_get_pid (self->container));
  g_autofree char *uids = map ? quilt_id_map_print (map) : g_strdup ("");
  const char *const argv[] = {program, "processes", scope, first, uids, NULL};

  self->helper = quilt_helper_spawn (programs->fd, argv, &scope_fd, 1, &events, self, error);
  return self->helper != NULL;
}

static void
authorized (QuiltCall *call, gpointer data)
{
  Listing *self = data;
  const char *place = quilt_container_get_place (self->container);
  g_autofd int scope_fd =
      place && quilt_container_is_active (self->container)
          ? quilt_scope_open (place, quilt_container_get_record (self->container)->id)
          : -1;
  g_autoptr (GError) error = NULL;

  if (scope_fd < 0) {
    fail_without_run (self, call);
    return;
  }
  if (!begin (self, scope_fd, place, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  self->call = call;
  self->timer = g_timeout_add_seconds (PATIENCE_SECONDS, on_out_of_patience, self);
}

void
quilt_list_processes (QuiltContainers *containers,
                      QuiltCall *call,
                      const char *name,
                      GVariant *options)
{
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_autoptr (GError) error = NULL;
  QuiltContainer *container = quilt_containers_find (containers, name, &error);
  Listing *self;

  if (!container || !quilt_dict_read (options, NULL, 0, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  self = g_new0 (Listing, 1);
  self->container = g_object_ref (container);
  quilt_call_attach (call, "quilt-processes", self, listing_free);
  g_ptr_array_add (details, quilt_container_new_details (container, "top"));
  quilt_authority_require (quilt_container_get_authority (container), call, QUILT_ACTION_INSPECT,
                           details, authorized, self);
}
