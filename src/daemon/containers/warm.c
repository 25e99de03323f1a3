/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prepared starts (WarmStarts=). */
#include "daemon/containers/warm.h"

#include "base/error.h"
#include "daemon/containers/names.h"
#include "spec/id-map.h"
#include "spec/names.h"

/* People see it in `systemctl list-units`. */
#define DESCRIPTION "Quilt's prepared start of a future container (WarmStarts= in quiltd.conf)"

/* One start is prepared at a time, and none until no container has been started for QUIET_USEC. If
 * the starts don't end, one is prepared each BURST_USEC nevertheless. */
#define QUIET_USEC (100 * 1000)
#define BURST_USEC G_USEC_PER_SEC

/* The delay after a failure, which doubles each time. After FAILURES_MAX, quiltd waits for the next
 * start of a container, or for a reload. */
#define RETRY_MS (10 * 1000)
#define FAILURES_MAX 5

/* Time limit for a supervisor to prepare its scope. */
#define PATIENCE_SECONDS 10

typedef struct {
  QuiltWarm *pool; /* NULL: dropped while systemd was asked */
  QuiltHub *held;  /* until it is prepared: when quiltd ends, it first finishes what it has begun */
  char *name;
  QuiltHelper *helper;
  gboolean asking;  /* systemd has not answered */
  gboolean drawn;   /* a container has the name */
  GVariant *common; /* see QuiltWarm; the configuration may have changed since */
  guint patience;   /* the time limit for the supervisor */
} Start;

struct QuiltWarm {
  QuiltHub *hub;
  QuiltIndex *names;
  QuiltSystemd *systemd;
  QuiltSpare *spare;
  GHashTable *all; /* name → Start */
  GQueue ready;    /* of Start: prepared, and not drawn */
  Start *making;   /* not prepared yet; NULL: none */
  /* properties of the scopes, a(sv), without PIDs and Description; NULL before quilt_warm_set() */
  GVariant *common;
  guint wanted;
  gboolean begun;
  guint timer;
  guint failures;
  gboolean complained; /* a failure was logged, and none has been prepared since */
  gint64 quiet_usec;   /* nothing is prepared until then (monotonic) */
  gint64 burst_usec;   /* when the first of the starts that defer it began */
};

static void
release (Start *start)
{
  QuiltHub *hub = g_steal_pointer (&start->held);

  g_clear_handle_id (&start->patience, g_source_remove);
  if (hub)
    quilt_hub_release (hub);
}

/* SIGKILL ends a frozen supervisor too. */
static void
end_supervisor (Start *start)
{
  if (start->helper)
    quilt_helper_kill (start->helper);
  g_clear_pointer (&start->helper, quilt_helper_free);
}

static void
start_free (Start *start)
{
  end_supervisor (start);
  release (start);
  g_clear_pointer (&start->common, g_variant_unref);
  g_free (start->name);
  g_free (start);
}

/* While systemd is asked, the supervisor goes on: if it ended before systemd moves it into the
 * scope, the scope could stay without a process, and systemd would never collect it. */
static void
discard (Start *start)
{
  QuiltWarm *self = g_steal_pointer (&start->pool);

  g_hash_table_remove (self->all, start->name);
  g_queue_remove (&self->ready, start);
  if (self->making == start)
    self->making = NULL;
  if (!start->drawn)
    quilt_index_unname (self->names, start->name);
  if (!start->asking)
    start_free (start);
}

static gboolean on_due (gpointer data);

static void
schedule (QuiltWarm *self, guint delay_ms)
{
  gint64 quiet = (self->quiet_usec - g_get_monotonic_time ()) / 1000 + 1;

  g_clear_handle_id (&self->timer, g_source_remove);
  if (self->begun && !self->making && self->ready.length < self->wanted)
    self->timer = g_timeout_add_full (G_PRIORITY_LOW, MAX (delay_ms, (guint)MAX (quiet, 0)), on_due,
                                      self, NULL);
}

/* Frees start. */
static void
fail (Start *start, const char *why)
{
  QuiltWarm *self = start->pool;

  if (!self->complained)
    g_warning ("%s; until quiltd can prepare starts, containers start without a prepared start",
               why);
  self->complained = TRUE;
  discard (start);
  if (self->failures++ < FAILURES_MAX)
    schedule (self, RETRY_MS << (self->failures - 1));
}

static void
enter_ready (Start *start)
{
  QuiltWarm *self = start->pool;

  self->making = NULL;
  self->failures = 0;
  self->complained = FALSE;
  g_queue_push_tail (&self->ready, start);
  release (start);
  if (self->ready.length > self->wanted) /* fewer are wanted meanwhile */
    discard (start);
  schedule (self, 0);
}

static void
on_message (const QuiltMessage *message, gpointer data)
{
  Start *start = data;

  if (start->pool && start->pool->making == start && message->type == QUILT_MESSAGE_PREPARED)
    enter_ready (start);
  else if (start->pool)
    fail (start, message->type == QUILT_MESSAGE_ERROR
                     ? message->text
                     : "A supervisor without a container sent an unknown message");
}

/* The supervisor has ended: it was killed, or its scope was. */
static void
on_closed (gpointer data)
{
  Start *start = data;
  QuiltWarm *self = start->pool;

  if (self && self->making == start)
    fail (start, "A supervisor without a container has ended");
  else if (self) {
    discard (start);
    schedule (self, 0);
  }
}

static const QuiltHelperEvents events = {on_message, on_closed, NULL};

static gboolean
on_out_of_patience (gpointer data)
{
  Start *start = data;

  start->patience = 0;
  fail (start, "A supervisor without a container does not respond");
  return G_SOURCE_REMOVE;
}

static void
on_scope (GObject *source, GAsyncResult *result, gpointer data)
{
  Start *start = data;
  QuiltWarm *self = start->pool;
  g_autoptr (GError) error = NULL;
  QuiltMessage prepare;

  start->asking = FALSE;
  if (!self) {
    start_free (start);
    return;
  }
  if (!quilt_systemd_start_scope_finish (self->systemd, result, &error)) {
    fail (start, error->message);
    return;
  }
  start->patience = g_timeout_add_seconds (PATIENCE_SECONDS, on_out_of_patience, start);
  quilt_message_init (&prepare, QUILT_MESSAGE_PREPARE);
  quilt_helper_send (start->helper, &prepare); /* if the supervisor is gone, on_closed() follows */
}

/* The properties without those of one scope. */
static GVariant *
get_common (GVariant *properties)
{
  GVariantBuilder builder;
  GVariantIter iter;
  GVariant *property;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sv)"));
  g_variant_iter_init (&iter, properties);
  while ((property = g_variant_iter_next_value (&iter))) {
    const char *name;

    g_variant_get_child (property, 0, "&s", &name);
    if (!g_str_equal (name, "PIDs") && !g_str_equal (name, "Description"))
      g_variant_builder_add_value (&builder, property);
    g_variant_unref (property);
  }
  return g_variant_builder_end (&builder);
}

static GVariant *
make_properties (GVariant *common, guint32 pid)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sv)"));
  for (gsize i = 0; i < g_variant_n_children (common); i++) {
    g_autoptr (GVariant) property = g_variant_get_child_value (common, i);

    g_variant_builder_add_value (&builder, property);
  }
  g_variant_builder_add (&builder, "(sv)", "Description", g_variant_new_string (DESCRIPTION));
  g_variant_builder_add (&builder, "(sv)", "PIDs",
                         g_variant_new_fixed_array (G_VARIANT_TYPE_UINT32, &pid, 1, sizeof pid));
  return g_variant_builder_end (&builder);
}

static void
begin (QuiltWarm *self)
{
  Start *start = g_new0 (Start, 1);
  g_autofree char *scope = NULL;
  g_autoptr (GError) error = NULL;

  start->pool = self;
  start->common = g_variant_ref (self->common);
  start->name = quilt_names_reserve (self->names);
  start->held = self->hub;
  quilt_hub_hold (self->hub);
  g_hash_table_insert (self->all, start->name, start);
  self->making = start;
  start->helper = quilt_spare_make (self->spare, &events, start, &error);
  if (!start->helper) {
    fail (start, error->message);
    return;
  }
  scope = quilt_scope_name (start->name);
  start->asking = TRUE;
  quilt_systemd_start_scope_async (
      self->systemd, scope, make_properties (start->common, quilt_helper_get_pid (start->helper)),
      NULL, on_scope, start);
}

static gboolean
on_due (gpointer data)
{
  QuiltWarm *self = data;

  self->timer = 0;
  if (self->quiet_usec > g_get_monotonic_time ())
    schedule (self, 0);
  else
    begin (self);
  return G_SOURCE_REMOVE;
}

void
quilt_warm_defer (QuiltWarm *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->wanted == 0)
    return;
  if (now > self->quiet_usec)
    self->burst_usec = now;
  self->quiet_usec = CLAMP (self->burst_usec + BURST_USEC, now, now + QUIET_USEC);
  self->failures = 0;
  schedule (self, 0);
}

void
quilt_warm_begin (QuiltWarm *self)
{
  self->begun = TRUE;
  quilt_warm_defer (self); /* the call that quiltd was started for may start a container */
}

static void
discard_ready (QuiltWarm *self, guint left)
{
  while (self->ready.length > left)
    discard (g_queue_peek_head (&self->ready));
}

static GVariant *
plan_common (const QuiltDefaults *defaults, GError **error)
{
  g_autoptr (GVariant) none = g_variant_ref_sink (g_variant_new ("a{sv}", NULL));
  g_autoptr (GVariant) complete = g_variant_ref_sink (quilt_defaults_complete (defaults, none));
  g_autoptr (QuiltOptions) options = quilt_options_from_variant (complete, error);
  g_autoptr (GVariant) properties = NULL;

  if (!options)
    return NULL;
  /* as a container that is created without the option has it */
  options->userns = g_strdup (QUILT_USERNS_AUTO);
  properties =
      g_variant_ref_sink (quilt_options_scope_properties (options, NULL, 0, QUILT_BUS_NAME));
  return g_variant_ref_sink (get_common (properties));
}

void
quilt_warm_set (QuiltWarm *self, guint wanted, const QuiltDefaults *defaults)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) common = wanted > 0 ? plan_common (defaults, &error) : NULL;

  if (error)
    g_warning ("quiltd prepares no starts: %s", error->message);
  self->wanted = common ? wanted : 0;
  self->failures = 0;
  if (common && (!self->common || !g_variant_equal (common, self->common))) {
    if (self->making)
      discard (self->making);
    discard_ready (self, 0);
    g_clear_pointer (&self->common, g_variant_unref);
    self->common = g_steal_pointer (&common);
  }
  discard_ready (self, self->wanted);
  schedule (self, 0);
}

/* In a prepared scope, the root file system is built within the container's limits. Very low limits
 * could make that fail, or take long. */
static gboolean
is_tight (const QuiltOptions *options)
{
  return options->pids_max < 32 || MIN (options->memory_max, options->memory_high) < 16 << 20 ||
         options->cpu_quota_usec < G_USEC_PER_SEC / 10;
}

char *
quilt_warm_draw (QuiltWarm *self, const QuiltOptions *options)
{
  g_autoptr (GVariant) properties = NULL;
  g_autoptr (GVariant) changes = NULL;
  Start *start = g_queue_peek_head (&self->ready);

  if (!start || is_tight (options))
    return NULL;
  properties =
      g_variant_ref_sink (quilt_options_scope_properties (options, NULL, 0, QUILT_BUS_NAME));
  changes = quilt_options_scope_changes (start->common, properties);
  if (!changes)
    return NULL;
  g_variant_ref_sink (changes);
  g_queue_pop_head (&self->ready);
  start->drawn = TRUE;
  return g_strdup (start->name);
}

static Start *
find (const QuiltWarm *self, const char *name, gboolean drawn)
{
  Start *start = g_hash_table_lookup (self->all, name);

  return start && start->drawn == drawn ? start : NULL;
}

QuiltHelper *
quilt_warm_take (QuiltWarm *self, const char *name, GVariant *properties, GVariant **ret_changes)
{
  Start *start = find (self, name, TRUE);
  GVariant *changes = start ? quilt_options_scope_changes (start->common, properties) : NULL;
  QuiltHelper *helper = NULL;

  if (changes) {
    *ret_changes = g_variant_ref_sink (changes);
    helper = g_steal_pointer (&start->helper);
  }
  if (start)
    discard (start);
  return helper;
}

void
quilt_warm_drop (QuiltWarm *self, const char *name)
{
  Start *start = find (self, name, TRUE);

  if (!start)
    return;
  discard (start);
  schedule (self, 0);
}

void
quilt_warm_yield (QuiltWarm *self, const char *name)
{
  Start *start = find (self, name, FALSE);

  if (!start)
    return;
  discard (start);
  schedule (self, 0);
}

/* Does not prepare another one at once: the administrator may stop them all, or the host. */
void
quilt_warm_stop (QuiltWarm *self, const char *scope)
{
  GHashTableIter iter;
  Start *start;

  g_hash_table_iter_init (&iter, self->all);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *)&start)) {
    g_autofree char *its_scope = quilt_scope_name (start->name);

    if (!g_str_equal (its_scope, scope))
      continue;
    discard (start);
    schedule (self, RETRY_MS);
    return;
  }
}

QuiltWarm *
quilt_warm_new (QuiltHub *hub, QuiltIndex *names, QuiltSystemd *systemd, QuiltSpare *spare)
{
  QuiltWarm *self = g_new0 (QuiltWarm, 1);

  self->hub = hub;
  self->names = names;
  self->systemd = systemd;
  self->spare = spare;
  self->all = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

/* systemd's answer, which may come later or never, frees a start for which systemd was asked. */
void
quilt_warm_free (QuiltWarm *self)
{
  g_autofree gpointer *starts = NULL;
  GHashTableIter iter;
  Start *start;

  if (!self)
    return;
  starts = g_new0 (gpointer, g_hash_table_size (self->all) + 1);
  g_hash_table_iter_init (&iter, self->all);
  for (guint i = 0; g_hash_table_iter_next (&iter, NULL, (gpointer *)&start); i++)
    starts[i] = start;
  for (gpointer *each = starts; *each; each++) {
    start = *each;
    release (start);
    end_supervisor (start);
    discard (start);
  }
  g_clear_handle_id (&self->timer, g_source_remove);
  g_hash_table_unref (self->all);
  g_clear_pointer (&self->common, g_variant_unref);
  g_free (self);
}
