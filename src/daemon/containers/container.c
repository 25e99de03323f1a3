/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The object of a container: construction, properties, changes of state. */
#include "daemon/containers/container.h"

#include "base/text.h"
#include "daemon/bus/event.h"
#include "daemon/containers/container-private.h"
#include "daemon/containers/outcome.h"
#include "daemon/host/limits.h"
#include "daemon/host/live-limits.h"
#include "daemon/host/pressure.h"
#include "daemon/images/collect.h"
#include "dbus/quilt-bus.h"
#include "spec/signals.h"
#include "systemd/cgroup.h"

#include <string.h>

#define COMMAND_LINE_MAX 400

G_DEFINE_FINAL_TYPE (QuiltContainer, quilt_container, G_TYPE_OBJECT)

QuiltContainers *
quilt_container_get_containers (const QuiltContainer *self)
{
  return self->containers;
}

QuiltAuthority *
quilt_container_get_authority (const QuiltContainer *self)
{
  return quilt_hub_get_authority (self->parts->hub);
}

GVariant *
quilt_container_new_details (const QuiltContainer *self, const char *verb)
{
  return quilt_authority_details_new (verb, self->record->options->name, self->record->owner,
                                      self->record->image);
}

const QuiltContainerRecord *
quilt_container_get_record (const QuiltContainer *self)
{
  return self->record;
}

const QuiltResult *
quilt_container_get_result (const QuiltContainer *self)
{
  return &self->result;
}

QuiltImage *
quilt_container_get_image (const QuiltContainer *self)
{
  return self->image;
}

const char *
quilt_container_get_name (const QuiltContainer *self)
{
  return self->record->options->name;
}

const char *
quilt_container_get_path (const QuiltContainer *self)
{
  return self->path;
}

QuiltState
quilt_container_get_state (const QuiltContainer *self)
{
  return self->state;
}

void
quilt_container_watch_state (QuiltContainer *self, QuiltStateFunc func, gpointer data)
{
  self->state_func = func;
  self->state_data = data;
}

const char *
quilt_container_get_scope (const QuiltContainer *self)
{
  return self->run ? quilt_run_get_scope (self->run) : NULL;
}

const char *
quilt_container_get_place (const QuiltContainer *self)
{
  return self->run ? quilt_run_get_place (self->run) : NULL;
}

pid_t
quilt_container_get_pid (const QuiltContainer *self)
{
  return (pid_t)self->pid;
}

const char *
quilt_container_get_command_line (const QuiltContainer *self)
{
  return self->command_line;
}

gboolean
quilt_container_is_active (const QuiltContainer *self)
{
  return self->state == QUILT_STATE_SETTING_UP || self->state == QUILT_STATE_RUNNING ||
         self->state == QUILT_STATE_STOPPING;
}

gboolean
quilt_container_is_gone (const QuiltContainer *self)
{
  return self->life.files == QUILT_FILES_GONE;
}

gboolean
quilt_container_is_doomed (const QuiltContainer *self)
{
  return quilt_life_is_doomed (self->life);
}

/* Makes one line of text from argv; arguments with special characters are quoted. */
static char *
make_command_line (const char *const *argv)
{
  g_autoptr (GString) line = g_string_new (NULL);

  for (guint i = 0; argv && argv[i] && line->len < COMMAND_LINE_MAX; i++) {
    g_autofree char *text = quilt_text_printable (argv[i], -1, COMMAND_LINE_MAX);
    gboolean plain = *text && strcspn (text, " \"'\\$`;&|<>(){}*?!#~") == strlen (text);
    g_autofree char *quoted = plain ? NULL : g_shell_quote (text);

    g_string_append_printf (line, "%s%s", i ? " " : "", plain ? text : quoted);
  }
  return g_string_free (g_steal_pointer (&line), FALSE);
}

const char *const *
quilt_container_get_command (const QuiltContainer *self)
{
  char **command = self->record->options->command;

  if (command && command[0])
    return (const char *const *)command;
  return self->image ? (const char *const *)quilt_image_get_record (self->image)->config.cmd : NULL;
}

static const char *
get_holder_name (gconstpointer self)
{
  return quilt_container_get_name (self);
}

static void
release_image (QuiltContainer *self)
{
  g_clear_pointer (&self->image_use, quilt_image_use_release);
}

void
quilt_container_set_image (QuiltContainer *self, QuiltImage *image)
{
  g_autoptr (QuiltImageUse) old = g_steal_pointer (&self->image_use);

  g_set_object (&self->image, image);
  if (image)
    self->image_use = quilt_image_use_new (image, get_holder_name, self);
}

void
quilt_container_look_for_limits (QuiltContainer *self)
{
  g_autofree char *missing =
      quilt_host_limits_missing (&self->parts->defaults, self->record->options);

  quilt_export_set_string (self->exported, QUILT_BUS_CONTAINER_LIMITS_NOT_IN_FORCE,
                           missing ? missing : "");
}

void
quilt_container_take_result (QuiltContainer *self, QuiltResult *result)
{
  quilt_result_clear (&self->result);
  self->result = *result;
  memset (result, 0, sizeof *result);
}

void
quilt_container_publish (QuiltContainer *self)
{
  quilt_containers_add (self->containers, self->record->id, self->record->options->name, self);
  quilt_hub_export (self->parts->hub, self->path, self->exported);
  quilt_hub_changed (self->parts->hub);
}

void
quilt_container_unpublish (QuiltContainer *self)
{
  g_autoptr (QuiltContainer) keep = g_object_ref (self);

  quilt_containers_remember_end (self->containers, self->record->id, self->result.exit_code,
                                 self->result.reason);
  quilt_id_ranges_release (self->parts->id_ranges, self->record->id);
  quilt_hub_unexport (self->parts->hub, self->path);
  quilt_hub_changed (self->parts->hub);
  quilt_containers_remove (self->containers, self->record->id, self->record->options->name);
  release_image (self);
  if (self->record->setup_image && self->image) {
    quilt_image_note_setup_use (self->image);
    quilt_image_collect_setups (self->parts->images); /* it may have been the last that uses it */
  }
  quilt_event_log (QUILT_EVENT_CONTAINER_REMOVED,
                   &(QuiltEventFields){.container_id = self->record->id,
                                       .container_name = self->record->options->name,
                                       .image_name = self->record->image,
                                       .image_digest = self->record->image_digest},
                   "Container %s was removed", self->record->options->name);
}

void
quilt_container_discard (QuiltContainer *self)
{
  quilt_containers_release_name (self->containers, self->record->options->name);
  release_image (self);
}

void
quilt_container_release_images (QuiltContainers *containers)
{
  g_autoptr (GPtrArray) all = quilt_containers_list (containers);

  for (guint i = 0; i < all->len; i++)
    release_image (all->pdata[i]);
}

guint64
quilt_container_get_started (const QuiltContainer *self)
{
  return self->state == QUILT_STATE_SETTING_UP ? 0 : self->result.started_usec;
}

static void
forget_rows (QuiltContainer *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->rows); i++)
    g_clear_pointer (&self->rows[i], g_variant_unref);
}

void
quilt_container_refresh (QuiltContainer *self)
{
  QuiltExport *exported = self->exported;
  const QuiltOptions *options = self->record->options;
  const QuiltResult *result = &self->result;
  gboolean active = quilt_container_is_active (self);
  g_autofree char *error_name = quilt_outcome_public_name (result);
  g_autofree char *error = quilt_outcome_public_text (result);

  forget_rows (self);
  /* While a container runs, its properties may show the kernel's limits, so don't overwrite
   * these. */
  if (!active || self->options_shown != options) {
    quilt_live_limits_set (exported, options);
    self->options_shown = options;
  }
  quilt_export_set_string (exported, QUILT_BUS_CONTAINER_STATE,
                           quilt_state_to_string (self->state));
  quilt_export_set_string (exported, QUILT_BUS_CONTAINER_SCOPE,
                           active && self->run ? quilt_run_get_scope (self->run) : "");
  quilt_export_set_uint32 (exported, QUILT_BUS_CONTAINER_PID, active ? self->pid : 0);
  if (!active)
    quilt_export_set_boolean (exported, QUILT_BUS_CONTAINER_FROZEN, FALSE);
  quilt_export_set_boolean (exported, QUILT_BUS_CONTAINER_LOG_HELD, self->log_held);
  quilt_export_set_uint64 (exported, QUILT_BUS_CONTAINER_STARTED,
                           quilt_container_get_started (self));
  quilt_export_set_uint64 (exported, QUILT_BUS_CONTAINER_FINISHED, result->finished_usec);
  quilt_export_set_int32 (exported, QUILT_BUS_CONTAINER_EXIT_CODE, result->exit_code);
  quilt_export_set_string (exported, QUILT_BUS_CONTAINER_REASON,
                           result->reason ? result->reason : "");
  quilt_export_set_string (exported, QUILT_BUS_CONTAINER_ERROR_NAME, error_name);
  quilt_export_set_string (exported, QUILT_BUS_CONTAINER_ERROR, error);
  quilt_export_set_uint32 (exported, QUILT_BUS_CONTAINER_SETUP_STEP, result->step);
  quilt_export_flush (exported);
}

int
quilt_container_get_stop_signal (const QuiltContainer *self)
{
  const char *of_image =
      self->image ? quilt_image_get_record (self->image)->config.stop_signal : NULL;
  int signal = SIGTERM;

  if (self->record->options->stop_signal)
    return (int)self->record->options->stop_signal;
  if (of_image && *of_image)
    quilt_parse_signal (of_image, &signal, NULL);
  return signal;
}

void
quilt_container_set_record (QuiltContainer *self, QuiltContainerRecord *record)
{
  g_autoptr (QuiltContainerRecord) old = g_steal_pointer (&self->record);
  const char *name = record->options->name;

  self->record = record;
  if (!g_str_equal (name, old->options->name)) {
    quilt_containers_rename (self->containers, self, old->options->name, name);
    if (self->run)
      quilt_run_rename (self->run, name);
  } else if (self->run)
    quilt_run_set_stop (self->run, quilt_container_get_stop_signal (self),
                        record->options->stop_timeout_usec);
  quilt_container_look_for_limits (self);
  quilt_container_refresh (self);
}

static void
log_change (QuiltContainer *self, QuiltState old)
{
  const QuiltResult *result = &self->result;
  const char *name = self->record->options->name;
  gboolean over = self->state == QUILT_STATE_EXITED || self->state == QUILT_STATE_FAILED;
  QuiltEventFields fields = {
      .container_id = self->record->id,
      .container_name = name,
      .image_name = self->record->image,
      .image_digest = self->record->image_digest,
      .scope = self->run ? quilt_run_get_scope (self->run) : NULL,
      .state = quilt_state_to_string (self->state),
      .old_state = quilt_state_to_string (old),
      .reason = over ? result->reason : NULL,
      .exit_code = result->exit_code,
  };

  if (self->state == QUILT_STATE_EXITED)
    quilt_event_log (QUILT_EVENT_CONTAINER_STATE, &fields, "Container %s exited with %d (%s)", name,
                     result->exit_code, result->reason);
  else
    quilt_event_log (QUILT_EVENT_CONTAINER_STATE, &fields, "Container %s is %s", name,
                     quilt_state_to_string (self->state));
  if (self->state != QUILT_STATE_FAILED)
    return;
  fields.error = result->error_name;
  quilt_event_log (QUILT_EVENT_CONTAINER_FAILED, &fields, "Container %s failed: %s", name,
                   result->error);
}

void
quilt_container_enter (QuiltContainer *self, QuiltState state)
{
  QuiltState old = self->state;

  self->state = state;
  quilt_container_refresh (self);
  if (state == old)
    return;
  quilt_export_emit (
      self->exported, "StateChanged",
      g_variant_new ("(ss)", quilt_state_to_string (old), quilt_state_to_string (state)));
  quilt_hub_changed (self->parts->hub);
  log_change (self, old);
  if (self->state_func)
    self->state_func (self->state_data);
}

void
quilt_container_answer_one (GTask *task, const GError *error)
{
  const QuiltContainer *self = g_task_get_source_object (task);
  QuiltEnding *ending = g_task_get_task_data (task);

  if (ending) {
    ending->exit_code = self->result.exit_code;
    ending->reason = g_strdup (self->result.reason ? self->result.reason : "");
  }
  if (error)
    g_task_return_error (task, g_error_copy (error));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

void
quilt_container_answer (GPtrArray *waiters, const GError *error)
{
  gsize n;
  g_autofree gpointer *tasks = g_ptr_array_steal (waiters, &n); /* an answer may add new ones */

  for (gsize i = 0; i < n; i++)
    quilt_container_answer_one (tasks[i], error);
}

static void
quilt_container_finalize (GObject *object)
{
  QuiltContainer *self = QUILT_CONTAINER (object);

  quilt_run_free (self->run);
  quilt_id_ranges_release (self->parts->id_ranges, self->record->id);
  quilt_container_record_free (self->record);
  quilt_result_clear (&self->result);
  release_image (self);
  g_clear_object (&self->image);
  g_ptr_array_unref (self->start_waiters);
  g_ptr_array_unref (self->end_waiters);
  g_ptr_array_unref (self->settle_waiters);
  g_ptr_array_unref (self->setup_waiters);
  g_ptr_array_unref (self->rest_waiters);
  g_ptr_array_unref (self->scope_waiters);
  g_ptr_array_unref (self->remove_waiters);
  forget_rows (self);
  g_clear_pointer (&self->exported, quilt_export_free);
  g_free (self->setup_key);
  g_free (self->left_scope);
  g_free (self->scope_path);
  g_free (self->command_line);
  g_free (self->path);
  G_OBJECT_CLASS (quilt_container_parent_class)->finalize (object);
}

static void
quilt_container_init (QuiltContainer *self)
{
  self->start_waiters = g_ptr_array_new ();
  self->end_waiters = g_ptr_array_new ();
  self->settle_waiters = g_ptr_array_new ();
  self->setup_waiters = g_ptr_array_new ();
  self->rest_waiters = g_ptr_array_new ();
  self->scope_waiters = g_ptr_array_new ();
  self->remove_waiters = g_ptr_array_new ();
}

/* Properties without a change signal. Each Get reads them from the kernel. */
static const struct {
  guint property;
  const char *resource;
} pressures[] = {
    {QUILT_BUS_CONTAINER_MEMORY_PRESSURE, "memory"},
    {QUILT_BUS_CONTAINER_CPU_PRESSURE, "cpu"},
    {QUILT_BUS_CONTAINER_IO_PRESSURE, "io"},
};

static const struct {
  guint property;
  guint64 (*read) (const char *scope);
} uses[] = {
    {QUILT_BUS_CONTAINER_MEMORY_CURRENT, quilt_live_memory},
    {QUILT_BUS_CONTAINER_CPU_USAGE, quilt_live_cpu_usec},
};

/* The path of its run's cgroup. */
static const char *
get_scope_path (QuiltContainer *self)
{
  const char *scope = quilt_run_get_scope (self->run);

  if (!self->scope_path || !g_str_equal (strrchr (self->scope_path, '/') + 1, scope)) {
    g_free (self->scope_path);
    self->scope_path = quilt_scope_path (quilt_run_get_place (self->run));
  }
  return self->scope_path;
}

gboolean
quilt_container_is_frozen (const QuiltContainer *self)
{
  return g_variant_get_boolean (quilt_export_get (self->exported, QUILT_BUS_CONTAINER_FROZEN));
}

const char *
quilt_container_get_limits_not_in_force (const QuiltContainer *self)
{
  return g_variant_get_string (
      quilt_export_get (self->exported, QUILT_BUS_CONTAINER_LIMITS_NOT_IN_FORCE), NULL);
}

static void
look_whether_frozen (QuiltContainer *self)
{
  gboolean frozen =
      self->run && quilt_container_is_active (self) && quilt_live_is_frozen (get_scope_path (self));

  if (frozen == quilt_container_is_frozen (self))
    return;
  forget_rows (self);
  quilt_export_set_boolean (self->exported, QUILT_BUS_CONTAINER_FROZEN, frozen);
}

GVariant *
quilt_container_get_row (QuiltContainer *self,
                         gboolean detail,
                         GVariant *(*make_row) (QuiltContainer *self, gboolean detail))
{
  GVariant **row = &self->rows[detail ? 1 : 0];

  look_whether_frozen (self);
  if (!*row)
    *row = make_row (self, detail);
  return *row;
}

static GVariant *
read_property (gpointer object, guint property)
{
  QuiltContainer *self = object;
  gboolean runs = self->run && quilt_container_is_active (self);

  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    if (uses[i].property == property)
      return g_variant_new_uint64 (runs ? uses[i].read (get_scope_path (self)) : G_MAXUINT64);
  for (guint i = 0; i < G_N_ELEMENTS (pressures); i++)
    if (pressures[i].property == property)
      return quilt_pressure_read (runs ? quilt_run_get_place (self->run) : "",
                                  pressures[i].resource);
  g_return_val_if_reached (NULL);
}

/* Called for Get and GetAll. GetManagedObjects shows the last known values instead, since reading
 * those of a thousand containers would take too long. */
static void
look_at_property (gpointer object, guint property)
{
  QuiltContainer *self = object;

  if (quilt_live_limits_has (property) && self->run && quilt_container_is_active (self))
    quilt_live_limits_set_one (self->exported, self->record->options, get_scope_path (self),
                               property);
  if (property == QUILT_BUS_CONTAINER_FROZEN)
    look_whether_frozen (self);
}

static const QuiltExportClass export_class = {
    .interface = &quilt_bus_container,
    .look = look_at_property,
    .read = read_property,
};

QuiltContainer *
quilt_container_new (QuiltContainers *containers, QuiltContainerRecord *record, QuiltImage *image)
{
  QuiltContainer *self = g_object_new (QUILT_TYPE_CONTAINER, NULL);
  QuiltExport *exported;

  self->containers = containers;
  self->parts = quilt_containers_parts (containers);
  self->record = record;
  quilt_container_set_image (self, image);
  quilt_id_ranges_claim (self->parts->id_ranges, record->id, record->uid_map, record->gid_map);
  self->path = g_strconcat (QUILT_BUS_PATH "/container/", record->id, NULL);
  self->command_line = make_command_line (quilt_container_get_command (self));
  exported = self->exported = quilt_export_new (&export_class, self->parts->methods, self);
  quilt_export_set_string (exported, QUILT_BUS_CONTAINER_ID, record->id);
  quilt_export_set_string (exported, QUILT_BUS_CONTAINER_IMAGE, record->image);
  quilt_export_set_string (exported, QUILT_BUS_CONTAINER_IMAGE_DIGEST, record->image_digest);
  quilt_export_set_uint32 (exported, QUILT_BUS_CONTAINER_OWNER, record->owner);
  quilt_export_set_uint64 (exported, QUILT_BUS_CONTAINER_CREATED, record->created_usec);
  quilt_export_set_boolean (exported, QUILT_BUS_CONTAINER_FROZEN, FALSE);
  self->result.exit_code = -1;
  quilt_container_look_for_limits (self);
  quilt_container_refresh (self);
  return self;
}

static void
quilt_container_class_init (QuiltContainerClass *class)
{
  G_OBJECT_CLASS (class)->finalize = quilt_container_finalize;
}
