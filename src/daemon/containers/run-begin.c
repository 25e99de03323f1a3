/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The begin of a run: a supervisor gets its container. */
#include "daemon/containers/run-begin.h"

/* BEGIN, and the descriptors that go with it. */
static GArray *
make_begin (const QuiltContainersParts *parts,
            const QuiltRunPlan *plan,
            int dir_fd,
            QuiltMessage *ret_begin)
{
  const struct {
    int fd;
    QuiltMessageFlags flag;
  } optional[] = {
      {plan->filter, QUILT_MESSAGE_FLAG_FILTER},
      {plan->streams[1], QUILT_MESSAGE_FLAG_STDOUT},
      {plan->streams[2], QUILT_MESSAGE_FLAG_STDERR},
      {quilt_journal_budget_get_fd (parts->journal_budget), QUILT_MESSAGE_FLAG_BUDGET},
      {plan->store_fd, QUILT_MESSAGE_FLAG_STORE},
      {plan->streams[0], QUILT_MESSAGE_FLAG_STDIN},
  };
  GArray *fds = g_array_new (FALSE, FALSE, sizeof (int));

  quilt_message_init (ret_begin, QUILT_MESSAGE_BEGIN);
  ret_begin->total = plan->n_joins;
  ret_begin->done = plan->log_used;
  ret_begin->time_usec = plan->log_used_usec;
  ret_begin->code = (gint32)plan->owner;
  if (plan->detained)
    ret_begin->flags |= QUILT_MESSAGE_FLAG_DETAINED;
  g_array_append_val (fds, dir_fd);
  g_array_append_vals (fds, plan->joins, plan->n_joins);
  for (guint i = 0; i < G_N_ELEMENTS (optional); i++) {
    if (optional[i].fd < 0)
      continue;
    ret_begin->flags |= optional[i].flag;
    g_array_append_val (fds, optional[i].fd);
  }
  return fds;
}

/* The supervisor of a prepared start, before it has a container. NULL: there is none. */
static QuiltHelper *
take_warm (const QuiltContainersParts *parts, const QuiltRunPlan *plan, GVariant **ret_changes)
{
  g_autoptr (GVariant) properties = NULL;

  if (!plan->options->name)
    return NULL;
  properties = g_variant_ref_sink (
      quilt_options_scope_properties (plan->options, plan->devices, 0, QUILT_BUS_NAME));
  return quilt_warm_take (parts->warm, plan->options->name, properties, ret_changes);
}

QuiltHelper *
quilt_run_begin (const QuiltContainersParts *parts,
                 const QuiltRunPlan *plan,
                 int dir_fd,
                 const QuiltHelperEvents *events,
                 gpointer data,
                 GVariant **ret_changes,
                 GError **error)
{
  QuiltMessage begin;
  g_autoptr (GArray) fds = make_begin (parts, plan, dir_fd, &begin);
  const int *numbers = (const int *)(gpointer)fds->data;
  g_autoptr (GVariant) changes = NULL;
  QuiltHelper *warm = take_warm (parts, plan, &changes);

  quilt_warm_defer (parts->warm);
  if (warm && quilt_helper_send_body (warm, &begin, numbers, fds->len, NULL)) {
    quilt_helper_set_events (warm, events, data);
    *ret_changes = g_steal_pointer (&changes);
    return warm;
  }
  /* The supervisor has ended. systemd is asked for a new scope once the old one is gone. */
  if (warm)
    quilt_helper_kill (warm);
  quilt_helper_free (warm);
  *ret_changes = NULL;
  return quilt_spare_begin (parts->spare, &begin, numbers, fds->len, NULL, events, data, error);
}
