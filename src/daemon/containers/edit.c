/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes a container's record: rename, update. */
#include "daemon/containers/edit.h"

#include "base/error.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/bus/work.h"
#include "daemon/containers/lifecycle.h"
#include "daemon/containers/records.h"
#include "daemon/host/limits.h"
#include "spec/names.h"

/* A change of the record, which is applied first to the kernel, then to the disk, then to the
 * bus. */
typedef struct {
  QuiltContainer *container;
  const QuiltContainersParts *parts; /* of all containers */
  QuiltCall *call;                   /* owned since the authorization */
  char *checked_name;                /* the name for which the caller was checked */
  char *new_name;                    /* for rename */
  GVariant *changes;                 /* for update */
  QuiltContainerRecord *record;      /* the new record */
  gboolean limits_set;
} Edit;

static void
edit_free (Edit *edit)
{
  g_clear_object (&edit->container);
  g_clear_pointer (&edit->changes, g_variant_unref);
  g_clear_pointer (&edit->record, quilt_container_record_free);
  g_free (edit->checked_name);
  g_free (edit->new_name);
  g_free (edit);
}

/* Freed with its call. */
static Edit *
edit_new (QuiltContainer *self, QuiltCall *call)
{
  Edit *edit = g_new0 (Edit, 1);

  edit->container = g_object_ref (self);
  edit->parts = quilt_containers_parts (quilt_container_get_containers (self));
  edit->checked_name = g_strdup (quilt_container_get_name (self));
  quilt_call_attach (call, "quilt-edit", edit, (GDestroyNotify)edit_free);
  return edit;
}

static void
require (Edit *edit,
         QuiltCall *call,
         const char *action,
         const char *verb,
         QuiltAuthorizedFunc authorized)
{
  const QuiltContainerRecord *record = quilt_container_get_record (edit->container);
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  g_ptr_array_add (details, quilt_container_new_details (edit->container, verb));
  if (edit->new_name) /* a rule about names also applies to the new name */
    g_ptr_array_add (
        details, quilt_authority_details_new (verb, edit->new_name, record->owner, record->image));
  quilt_authority_require (quilt_container_get_authority (edit->container), call, action, details,
                           authorized, edit);
}

static void
finish (Edit *edit, const GError *error)
{
  g_autoptr (QuiltContainer) self = g_object_ref (edit->container);
  QuiltCall *call = g_steal_pointer (&edit->call);

  if (error) {
    if (edit->new_name)
      quilt_containers_release_name (quilt_container_get_containers (self), edit->new_name);
    quilt_bus_error_return (call, error);
  } else {
    quilt_container_set_record (self, g_steal_pointer (&edit->record));
    quilt_call_return (call, NULL);
  }
  quilt_container_end_edit (self);
}

static void
on_limits_undone (GObject *source, GAsyncResult *result, gpointer data)
{
  QuiltSystemd *systemd = data;
  g_autoptr (GError) error = NULL;

  if (!quilt_systemd_set_properties_finish (systemd, result, &error))
    g_warning ("Failed to undo a container's new limits: %s", error->message);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  Edit *edit = data;
  const QuiltOptions *options = quilt_container_get_record (edit->container)->options;
  const char *scope = quilt_container_get_scope (edit->container);
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error) && edit->limits_set && scope)
    quilt_systemd_set_properties_async (
        edit->parts->systemd, scope,
        quilt_options_limit_properties (options, edit->record->options), on_limits_undone,
        edit->parts->systemd);
  finish (edit, error);
}

static void
save (Edit *edit)
{
  quilt_records_save (edit->parts->store, edit->record, on_saved, edit);
}

static void
begin (Edit *edit, QuiltCall *call)
{
  edit->call = call;
  quilt_container_begin_edit (edit->container);
}

static void
rename_authorized (QuiltCall *call, gpointer data)
{
  Edit *edit = data;
  QuiltContainer *self = edit->container;
  g_autoptr (GError) error = NULL;

  if (!quilt_container_check_editable (self, edit->checked_name, &error) ||
      !quilt_container_check_supervisor (self, &error) ||
      !quilt_containers_reserve_name (quilt_container_get_containers (self), &edit->new_name,
                                      &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  begin (edit, call);
  edit->record = quilt_records_copy (quilt_container_get_record (self));
  g_free (edit->record->options->name);
  edit->record->options->name = g_strdup (edit->new_name);
  save (edit);
}

void
quilt_container_rename (QuiltContainer *self, QuiltCall *call, const char *name, GVariant *options)
{
  g_autoptr (GError) error = NULL;
  Edit *edit;

  if (!quilt_dict_read (options, NULL, 0, &error) || !quilt_container_name_check (name, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  edit = edit_new (self, call);
  edit->new_name = g_strdup (name);
  require (edit, call, QUILT_ACTION_MANAGE_CONTAINERS, "rename", rename_authorized);
}

static void
on_limits_set (GObject *source, GAsyncResult *result, gpointer data)
{
  Edit *edit = data;
  QuiltContainer *self = edit->container;
  g_autoptr (GError) error = NULL;

  edit->limits_set = quilt_systemd_set_properties_finish (edit->parts->systemd, result, &error);
  /* The container may have ended meanwhile. Then the next start takes the limits from the
   * record. */
  if (edit->limits_set || !quilt_container_is_active (self))
    save (edit);
  else
    finish (edit, error);
}

static gboolean
same_limits (const QuiltOptions *a, const QuiltOptions *b)
{
  g_autoptr (GVariant) first = g_variant_ref_sink (quilt_options_limit_properties (a, a));
  g_autoptr (GVariant) second = g_variant_ref_sink (quilt_options_limit_properties (b, b));

  return g_variant_equal (first, second);
}

/* The timeout of the scope can't be changed, and systemd kills when it passes. */
static gboolean
check_stop_timeout (const QuiltContainer *self, const QuiltOptions *options, GError **error)
{
  if (!quilt_container_is_active (self) || options->stop_timeout_usec <= QUILT_LIVE_STOP_TIMEOUT ||
      options->stop_timeout_usec <= quilt_container_get_record (self)->options->stop_timeout_usec)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "Container '%s' runs, so its stop timeout can't be raised above %u s: stop it "
               "first, or use --timeout for a single stop",
               quilt_container_get_name (self), (guint)(QUILT_LIVE_STOP_TIMEOUT / G_USEC_PER_SEC));
  return FALSE;
}

static void
update_authorized (QuiltCall *call, gpointer data)
{
  Edit *edit = data;
  QuiltContainer *self = edit->container;
  g_autoptr (QuiltContainerRecord) record = quilt_records_copy (quilt_container_get_record (self));
  const QuiltOptions *options;
  const char *scope;
  g_autoptr (GError) error = NULL;

  if (!quilt_container_check_editable (self, edit->checked_name, &error) ||
      !quilt_options_update (record->options, edit->changes, &error) ||
      !quilt_container_check_supervisor (self, &error) ||
      !check_stop_timeout (self, record->options, &error) ||
      !quilt_host_limits_check (&edit->parts->defaults, record->options, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  if (quilt_container_get_state (self) == QUILT_STATE_SETTING_UP) {
    error =
        g_error_new (QUILT_ERROR, QUILT_ERROR_BUSY,
                     "Container '%s' is being set up: try again when it runs", edit->checked_name);
    quilt_bus_error_return (call, error);
    return;
  }
  begin (edit, call);
  edit->record = g_steal_pointer (&record);
  options = quilt_container_get_record (self)->options;
  scope = quilt_container_get_scope (self);
  if (scope && quilt_container_is_active (self) && !same_limits (edit->record->options, options))
    quilt_systemd_set_properties_async (
        edit->parts->systemd, scope,
        quilt_options_limit_properties (edit->record->options, options), on_limits_set, edit);
  else
    save (edit);
}

void
quilt_container_update (QuiltContainer *self, QuiltCall *call, GVariant *options)
{
  gboolean details = FALSE;
  const QuiltDictKey keys[] = {{QUILT_BUS_ERROR_DETAILS, 'b', &details, NULL}};
  g_autoptr (GError) error = NULL;
  GVariant *changes = quilt_dict_take (options, keys, G_N_ELEMENTS (keys), &error);
  Edit *edit;

  if (!changes) {
    quilt_bus_error_return (call, error);
    return;
  }
  if (details)
    quilt_bus_error_give_details (call);
  edit = edit_new (self, call);
  edit->changes = g_variant_ref_sink (changes);
  require (edit, call, QUILT_ACTION_MANAGE_CONTAINERS, "update", update_authorized);
}
