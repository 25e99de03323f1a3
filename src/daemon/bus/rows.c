/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A D-Bus method on one or many named objects, with one row for each object. */
#include "daemon/bus/rows.h"

#include "daemon/bus/error.h"

/* One call of a method. It lives as long as the received call. */
typedef struct {
  QuiltHub *hub;
  const QuiltRowsMethod *method;
  gboolean many;
  gpointer data;
  GDestroyNotify free_data;
  GPtrArray *rows; /* of QuiltRow */

  QuiltCall *received; /* owned since the authorization; NULL when answered */
  guint next;          /* the row that begins next */
  guint pending;       /* rows that have begun and are not done */
  QuiltCall *watched;  /* borrowed; set while its caller is watched */
  gboolean beginning;  /* rows are being begun */
} Call;

struct QuiltRow {
  Call *call;
  char *name;
  gpointer data; /* NULL: not found, error is set */
  GError *error;
};

static void
row_free (gpointer data)
{
  QuiltRow *row = data;

  if (row->data)
    row->call->method->free_row (row->data);
  g_free (row->name);
  g_clear_error (&row->error);
  g_free (row);
}

static void
call_free (gpointer data)
{
  Call *call = data;

  if (call->watched)
    quilt_call_unwatch_caller (call->watched, call);
  g_ptr_array_unref (call->rows);
  if (call->free_data)
    call->free_data (call->data);
  g_free (call);
}

/* keys: of the rows so far. An object that has a row gets no second one. */
static void
add_row (Call *call, const char *name, GHashTable *keys)
{
  QuiltRow *row = g_new0 (QuiltRow, 1);
  char *key = NULL;

  row->call = call;
  row->name = g_strdup (name);
  row->data = call->method->find (name, call->data, &key, &row->error);
  if (g_hash_table_add (keys, key ? key : g_strdup (name)))
    g_ptr_array_add (call->rows, row);
  else
    row_free (row);
}

static void
answer_many (const Call *call, QuiltCall *received)
{
  g_auto (GVariantBuilder) failures = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(sss)"));

  for (guint i = 0; i < call->rows->len; i++) {
    const QuiltRow *row = call->rows->pdata[i];

    if (row->error)
      quilt_bus_error_add (&failures, row->name, row->error);
  }
  quilt_call_return (received, g_variant_new ("(a(sss))", &failures));
}

static void
answer_one (const Call *call, QuiltCall *received)
{
  const QuiltRow *row = call->rows->pdata[0];

  if (row->error)
    quilt_bus_error_return (received, row->error);
  else if (call->method->answer)
    call->method->answer (row, received);
  else
    quilt_call_return (received, NULL);
}

/* The call may be freed by this. */
static void
answer (Call *call)
{
  QuiltHub *hub = call->hub;
  gboolean held = !call->method->waits;
  QuiltCall *received = g_steal_pointer (&call->received);

  if (call->many)
    answer_many (call, received);
  else
    answer_one (call, received);
  if (held)
    quilt_hub_release (hub);
}

/* Loops instead of recursing, since many rows may be done as soon as they begin. */
static void
proceed (Call *call)
{
  if (call->beginning)
    return;
  call->beginning = TRUE;
  while (call->next < call->rows->len && (call->pending == 0 || !call->method->in_turn)) {
    QuiltRow *row = call->rows->pdata[call->next++];

    if (row->error)
      continue;
    call->pending++;
    call->method->begin (row);
  }
  call->beginning = FALSE;
  if (call->pending == 0)
    answer (call);
}

void
quilt_row_done (QuiltRow *row, GError *error)
{
  Call *call = row->call;

  g_return_if_fail (call->pending > 0);
  row->error = error;
  call->pending--;
  proceed (call);
}

/* While polkit is asked, the authority denies the call. */
static void
on_caller_vanished (gpointer data)
{
  Call *call = data;
  g_autoptr (QuiltCall) keep = NULL; /* the end of the last row would free the call */

  call->watched = NULL;
  if (!call->received)
    return;
  keep = quilt_call_ref (call->received);
  for (guint i = 0; i < call->next; i++) {
    QuiltRow *row = call->rows->pdata[i];

    if (row->data)
      call->method->give_up (row);
  }
}

static void
authorized (QuiltCall *received, gpointer data)
{
  Call *call = data;

  call->received = received;
  if (!call->method->waits)
    quilt_hub_hold (call->hub);
  proceed (call);
}

static void
run (QuiltHub *hub,
     QuiltCall *received,
     const QuiltRowsMethod *method,
     const char *const *names,
     gboolean many,
     gpointer data,
     GDestroyNotify free_data)
{
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_autoptr (GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Call *call = g_new0 (Call, 1);

  call->hub = hub;
  call->method = method;
  call->many = many;
  call->data = data;
  call->free_data = free_data;
  call->rows = g_ptr_array_new_with_free_func (row_free);
  quilt_call_attach (received, "quilt-rows", call, call_free);
  for (guint i = 0; names[i]; i++)
    add_row (call, names[i], keys);
  for (guint i = 0; i < call->rows->len; i++) {
    const QuiltRow *row = call->rows->pdata[i];

    if (row->data)
      method->add_details (row, details);
  }
  if (method->give_up) {
    quilt_call_watch_caller (received, on_caller_vanished, call);
    call->watched = received;
  }
  quilt_authority_require (quilt_hub_get_authority (hub), received, method->action, details,
                           authorized, call);
}

void
quilt_rows_on_many (QuiltHub *hub,
                    QuiltCall *received,
                    const QuiltRowsMethod *method,
                    const char *const *names,
                    gpointer data,
                    GDestroyNotify free_data)
{
  run (hub, received, method, names, TRUE, data, free_data);
}

void
quilt_rows_on_one (QuiltHub *hub,
                   QuiltCall *received,
                   const QuiltRowsMethod *method,
                   const char *name,
                   gpointer data,
                   GDestroyNotify free_data)
{
  const char *const names[] = {name, NULL};

  run (hub, received, method, names, FALSE, data, free_data);
}

const char *
quilt_row_get_name (const QuiltRow *row)
{
  return row->name;
}

gpointer
quilt_row_get_data (const QuiltRow *row)
{
  return row->data;
}

gpointer
quilt_row_get_arguments (const QuiltRow *row)
{
  return row->call->data;
}
