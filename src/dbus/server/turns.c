/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Queues calls by caller until quiltd has time for them; callers take turns. */
#include "dbus/server/turns.h"

/* The limit for calls under way. A large call counts as several. */
#define LOAD_MAX 8
#define LOAD_BYTES (8 * 1024)

/* New callers go before others, but can appear without end. So at most this many in a row do. */
#define FRESH_MAX 8

/* Limits for the bytes of waiting calls, including the cost of keeping each. SURE_MAX is guaranteed
 * to each caller. */
#define CALLER_MAX (1024 * 1024)
#define ALL_MAX (32 * 1024 * 1024)
#define SURE_MAX (64 * 1024)
/* Calls of a caller that is gone are still done while fewer bytes wait than this. */
#define KEEP_MAX (1024 * 1024)
#define OVERHEAD 256

typedef struct {
  gpointer data;
  gsize size;
} Call;

typedef struct {
  char *name;
  GQueue calls;
  gsize bytes;
} Caller;

struct QuiltTurns {
  GDestroyNotify free;
  GHashTable *callers; /* name → Caller, owned here */
  GQueue fresh;        /* callers that had no call waiting */
  GQueue old;          /* callers that had a turn; they may have no calls any more */
  guint passed_over;   /* number of fresh callers in a row that went before old ones */
  gsize bytes;
  GQueue under_way; /* the load of each call */
  guint load;
};

static void
caller_free (gpointer data)
{
  Caller *caller = data;

  g_free (caller->name);
  g_free (caller);
}

gboolean
quilt_turns_has_room (QuiltTurns *self, const char *name, gsize size, gboolean refused)
{
  const Caller *caller = g_hash_table_lookup (self->callers, name);
  const gsize own = caller ? caller->bytes : 0, cost = size + OVERHEAD, times = refused ? 2 : 1;

  return own + cost <= SURE_MAX ||
         ((own == 0 || own + cost <= CALLER_MAX * times) && self->bytes + cost <= ALL_MAX * times);
}

void
quilt_turns_push (QuiltTurns *self, const char *name, gpointer data, gsize size)
{
  Caller *caller = g_hash_table_lookup (self->callers, name);
  Call *call = g_new (Call, 1);

  if (!caller) {
    caller = g_new0 (Caller, 1);
    caller->name = g_strdup (name);
    g_hash_table_insert (self->callers, caller->name, caller);
    g_queue_push_tail (&self->fresh, caller);
  }
  *call = (Call){data, size};
  g_queue_push_tail (&caller->calls, call);
  caller->bytes += size + OVERHEAD;
  self->bytes += size + OVERHEAD;
}

static guint
get_load (const Call *call)
{
  return (guint)MIN (1 + call->size / LOAD_BYTES, LOAD_MAX);
}

static gboolean
has_calls (QuiltTurns *self, GQueue *queue)
{
  Caller *caller;

  while ((caller = g_queue_peek_head (queue)) && caller->calls.length == 0) {
    g_queue_pop_head (queue);
    g_hash_table_remove (self->callers, caller->name);
  }
  return caller != NULL;
}

/* Returns the queue whose first caller is next and has calls; NULL if no call waits. A caller
 * without calls is forgotten only when its turn comes. Otherwise the caller would be fresh with
 * each new call, and go first again and again. */
static GQueue *
find_next (QuiltTurns *self)
{
  const gboolean old = has_calls (self, &self->old), fresh = has_calls (self, &self->fresh);

  if (fresh && !(old && self->passed_over >= FRESH_MAX))
    return &self->fresh;
  return old ? &self->old : NULL;
}

static gpointer
take_call (QuiltTurns *self, Caller *caller)
{
  g_autofree Call *call = g_queue_pop_head (&caller->calls);

  caller->bytes -= call->size + OVERHEAD;
  self->bytes -= call->size + OVERHEAD;
  return call->data;
}

/* As find_next(), but also NULL if that call must wait for those under way. */
static GQueue *
find_due (QuiltTurns *self)
{
  GQueue *queue = find_next (self);
  Caller *caller = queue ? g_queue_peek_head (queue) : NULL;

  return caller && self->load + get_load (g_queue_peek_head (&caller->calls)) <= LOAD_MAX ? queue
                                                                                          : NULL;
}

gboolean
quilt_turns_is_due (QuiltTurns *self)
{
  return find_due (self) != NULL;
}

gpointer
quilt_turns_take (QuiltTurns *self)
{
  GQueue *queue = find_due (self);
  Caller *caller = queue ? g_queue_pop_head (queue) : NULL;
  guint load;

  if (!caller)
    return NULL;
  load = get_load (g_queue_peek_head (&caller->calls));
  self->passed_over = queue == &self->fresh ? self->passed_over + 1 : 0;
  g_queue_push_tail (&self->old, caller);
  g_queue_push_tail (&self->under_way, GUINT_TO_POINTER (load));
  self->load += load;
  return take_call (self, caller);
}

void
quilt_turns_done (QuiltTurns *self)
{
  self->load -= GPOINTER_TO_UINT (g_queue_pop_head (&self->under_way));
}

void
quilt_turns_forget (QuiltTurns *self, const char *name)
{
  Caller *caller = g_hash_table_lookup (self->callers, name);

  while (caller && caller->calls.length > 0 && self->bytes > KEEP_MAX)
    self->free (take_call (self, caller));
}

QuiltTurns *
quilt_turns_new (GDestroyNotify free)
{
  QuiltTurns *self = g_new0 (QuiltTurns, 1);

  self->free = free;
  self->callers = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, caller_free);
  return self;
}

void
quilt_turns_free (QuiltTurns *self)
{
  GHashTableIter iter;
  gpointer caller;

  g_hash_table_iter_init (&iter, self->callers);
  while (g_hash_table_iter_next (&iter, NULL, &caller))
    while (((Caller *)caller)->calls.length > 0)
      self->free (take_call (self, caller));
  g_hash_table_unref (self->callers);
  g_queue_clear (&self->fresh);
  g_queue_clear (&self->old);
  g_queue_clear (&self->under_way);
  g_free (self);
}
