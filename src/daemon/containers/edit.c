/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Changes of a container's record: rename, update. */
#include "daemon/containers/edit.h"

#include "base/error.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/bus/work.h"
#include "daemon/containers/private.h"
#include "daemon/containers/records.h"
#include "daemon/host/limits.h"
#include "spec/words.h"

/* A change of the record goes to the kernel first, then to the disk, then to the bus. */
typedef struct {
  QuiltContainer *container;
  GDBusMethodInvocation *invocation; /* owned since the authorization */
  char *checked_name;                /* that the caller was checked for */
  char *new_name;                    /* rename */
  GVariant *changes;                 /* update */
  QuiltContainerRecord *record;      /* as it will be */
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

/* Lives as long as its invocation. */
static Edit *
edit_new (QuiltContainer *self, GDBusMethodInvocation *invocation)
{
  Edit *edit = g_new0 (Edit, 1);

  edit->container = g_object_ref (self);
  edit->checked_name = g_strdup (self->record->options->name);
  g_object_set_data_full (G_OBJECT (invocation), "quilt-edit", edit, (GDestroyNotify)edit_free);
  return edit;
}

static void
require (Edit *edit,
         GDBusMethodInvocation *invocation,
         const char *action,
         const char *verb,
         QuiltAuthorizedFunc authorized)
{
  const QuiltContainerRecord *record = edit->container->record;
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);

  g_ptr_array_add (details, quilt_authority_details_new (verb, record->options->name, record->owner,
                                                         record->image));
  if (edit->new_name) /* a rule about names is about this one too */
    g_ptr_array_add (
        details, quilt_authority_details_new (verb, edit->new_name, record->owner, record->image));
  quilt_authority_require (quilt_hub_get_authority (edit->container->parts->hub), invocation,
                           action, details, authorized, edit);
}

/* Whether the container can be changed now, after the caller was checked for it. */
static gboolean
check_editable (const Edit *edit, GError **error)
{
  const QuiltContainer *self = edit->container;

  if (quilt_container_is_gone (self))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "Container '%s' was removed",
                 edit->checked_name);
  else if (quilt_life_is_doomed (self->life))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY, "Container '%s' is being removed",
                 edit->checked_name);
  else if (self->life.files == QUILT_FILES_EDITED ||
           !g_str_equal (edit->checked_name, self->record->options->name))
    g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
                 "Container '%s' is being changed by another call: try again", edit->checked_name);
  else
    return TRUE;
  return FALSE;
}

static void
adopt_record (Edit *edit)
{
  QuiltContainer *self = edit->container;

  if (edit->new_name) {
    quilt_containers_rename (self->containers, self, self->record->options->name, edit->new_name);
    if (self->run)
      quilt_run_rename (self->run, edit->new_name);
  }
  quilt_container_record_free (self->record);
  self->record = g_steal_pointer (&edit->record);
  if (edit->changes && self->run)
    quilt_run_set_stop (self->run, quilt_container_get_stop_signal (self),
                        self->record->options->stop_timeout_usec);
  quilt_container_look_for_limits (self);
  quilt_container_refresh (self);
}

static void
finish (Edit *edit, const GError *error)
{
  g_autoptr (QuiltContainer) self = g_object_ref (edit->container);
  GDBusMethodInvocation *invocation = g_steal_pointer (&edit->invocation);

  if (error) {
    if (edit->new_name)
      quilt_containers_release_name (self->containers, edit->new_name);
    quilt_bus_error_return (invocation, error);
  } else {
    adopt_record (edit);
    g_dbus_method_invocation_return_value (invocation, NULL);
  }
  quilt_container_happen (self, QUILT_LIFE_EDIT_END, NULL);
  quilt_hub_release (self->parts->hub);
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
  QuiltContainer *self = edit->container;
  g_autoptr (GError) error = NULL;

  if (!quilt_work_finish (result, &error) && edit->limits_set && self->run)
    quilt_systemd_set_properties_async (
        self->parts->systemd, quilt_run_get_scope (self->run),
        quilt_options_limit_properties (self->record->options, edit->record->options), NULL,
        on_limits_undone, self->parts->systemd);
  finish (edit, error);
}

static void
save (Edit *edit)
{
  QuiltContainer *self = edit->container;

  quilt_records_save (self->parts->store, edit->record, on_saved, edit);
}

static void
begin (Edit *edit, GDBusMethodInvocation *invocation)
{
  edit->invocation = invocation;
  quilt_container_happen (edit->container, QUILT_LIFE_EDIT, NULL);
  quilt_hub_hold (edit->container->parts->hub);
}

/* It has to learn the change. */
static gboolean
check_supervisor (const QuiltContainer *self, GError **error)
{
  if (!self->run || !quilt_run_is_clogged (self->run))
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_BUSY,
               "Container '%s' can't be changed: its supervisor does not read messages; try again",
               self->record->options->name);
  return FALSE;
}

static void
rename_authorized (GDBusMethodInvocation *invocation, gpointer data)
{
  Edit *edit = data;
  QuiltContainer *self = edit->container;
  g_autoptr (GError) error = NULL;

  if (!check_editable (edit, &error) || !check_supervisor (self, &error) ||
      !quilt_containers_reserve_name (self->containers, &edit->new_name, &error)) {
    quilt_bus_error_return (invocation, error);
    return;
  }
  begin (edit, invocation);
  edit->record = quilt_records_copy (self->record);
  g_free (edit->record->options->name);
  edit->record->options->name = g_strdup (edit->new_name);
  save (edit);
}

void
quilt_container_rename (QuiltContainer *self,
                        GDBusMethodInvocation *invocation,
                        const char *name,
                        GVariant *options)
{
  g_autoptr (GError) error = NULL;
  Edit *edit;

  if (!quilt_dict_read (options, NULL, 0, &error) || !quilt_container_name_check (name, &error)) {
    quilt_bus_error_return (invocation, error);
    return;
  }
  edit = edit_new (self, invocation);
  edit->new_name = g_strdup (name);
  require (edit, invocation, QUILT_ACTION_MANAGE_CONTAINERS, "rename", rename_authorized);
}

static void
on_limits_set (GObject *source, GAsyncResult *result, gpointer data)
{
  Edit *edit = data;
  QuiltContainer *self = edit->container;
  g_autoptr (GError) error = NULL;

  edit->limits_set = quilt_systemd_set_properties_finish (self->parts->systemd, result, &error);
  /* It may have ended meanwhile: then the next start takes the limits from the record. */
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

/* systemd keeps the timeout that the scope was started with, and kills when it runs out. */
static gboolean
check_stop_timeout (const QuiltContainer *self, const QuiltOptions *options, GError **error)
{
  if (!quilt_container_is_active (self) || options->stop_timeout_usec <= QUILT_LIVE_STOP_TIMEOUT ||
      options->stop_timeout_usec <= self->record->options->stop_timeout_usec)
    return TRUE;
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_INVALID_STATE,
               "Container '%s' runs, so its stop timeout can't be raised above %u s: stop it "
               "first, or use --timeout for a single stop",
               self->record->options->name, (guint)(QUILT_LIVE_STOP_TIMEOUT / G_USEC_PER_SEC));
  return FALSE;
}

static void
update_authorized (GDBusMethodInvocation *invocation, gpointer data)
{
  Edit *edit = data;
  QuiltContainer *self = edit->container;
  g_autoptr (QuiltContainerRecord) record = quilt_records_copy (self->record);
  g_autoptr (GError) error = NULL;

  if (!check_editable (edit, &error) ||
      !quilt_options_update (record->options, edit->changes, &error) ||
      !check_supervisor (self, &error) || !check_stop_timeout (self, record->options, &error) ||
      !quilt_host_limits_check (&self->parts->defaults, record->options, &error)) {
    quilt_bus_error_return (invocation, error);
    return;
  }
  if (self->state == QUILT_STATE_SETTING_UP) {
    error =
        g_error_new (QUILT_ERROR, QUILT_ERROR_BUSY,
                     "Container '%s' is being set up: try again when it runs", edit->checked_name);
    quilt_bus_error_return (invocation, error);
    return;
  }
  begin (edit, invocation);
  edit->record = g_steal_pointer (&record);
  if (self->run && quilt_container_is_active (self) &&
      !same_limits (edit->record->options, self->record->options))
    quilt_systemd_set_properties_async (
        self->parts->systemd, quilt_run_get_scope (self->run),
        quilt_options_limit_properties (edit->record->options, self->record->options), NULL,
        on_limits_set, edit);
  else
    save (edit);
}

void
quilt_container_update (QuiltContainer *self, GDBusMethodInvocation *invocation, GVariant *options)
{
  Edit *edit = edit_new (self, invocation);

  edit->changes = g_variant_ref (options);
  require (edit, invocation, QUILT_ACTION_MANAGE_CONTAINERS, "update", update_authorized);
}
