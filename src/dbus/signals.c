/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subscriptions to signals of a bus. Match rules tell the bus which signals to pass on. But anybody
 * may send us a signal directly, so each is compared with the rules again. */
#include "dbus/signals.h"

#include <string.h>

typedef struct {
  guint id; /* increases with each subscription */
  char *rule;
  char *sender, *interface, *member, *path, *arg0;
  QuiltDbusSignalFunc func;
  gpointer data;
} Subscription;

static void
subscription_free (gpointer data)
{
  Subscription *self = data;

  g_free (self->rule);
  g_free (self->sender);
  g_free (self->interface);
  g_free (self->member);
  g_free (self->path);
  g_free (self->arg0);
  g_free (self);
}

static void
owner_free (gpointer data)
{
  QuiltDbusOwner *self = data;

  g_free (self->unique);
  g_free (self);
}

void
quilt_dbus_signals_init (QuiltDbusSignals *self, QuiltDbusAskFunc ask, gpointer data)
{
  self->ask = ask;
  self->ask_data = data;
  self->subscriptions = g_ptr_array_new_with_free_func (subscription_free);
  self->owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, owner_free);
}

void
quilt_dbus_signals_clear (QuiltDbusSignals *self)
{
  g_ptr_array_unref (self->subscriptions);
  g_hash_table_unref (self->owners);
}

static void
add_key (GString *rule, const char *key, const char *value)
{
  if (value)
    g_string_append_printf (rule, ",%s='%s'", key, value);
}

/* The values are names and paths, so they contain no apostrophe. */
static char *
make_rule (const QuiltDbusMatch *match)
{
  GString *rule = g_string_new ("type='signal'");

  add_key (rule, "sender", match->sender);
  add_key (rule, "interface", match->interface);
  add_key (rule, "member", match->member);
  add_key (rule, "path", match->path);
  add_key (rule, "arg0", match->arg0);
  add_key (rule, "arg0path", match->arg0_path);
  add_key (rule, "arg2", match->no_arg2 ? "" : NULL);
  return g_string_free (rule, FALSE);
}

static gboolean
can_change_hands (const char *name)
{
  return *name != ':' && strcmp (name, QUILT_DBUS_BUS) != 0;
}

/* Starts following the owner of a name. */
static void
track (QuiltDbusSignals *self, const char *name)
{
  const QuiltDbusMatch match = {.sender = QUILT_DBUS_BUS,
                                .interface = QUILT_DBUS_BUS,
                                .member = "NameOwnerChanged",
                                .path = QUILT_DBUS_BUS_PATH,
                                .arg0 = name};
  g_autofree char *rule = make_rule (&match);
  QuiltDbusOwner *owner;

  if (!name || !can_change_hands (name) || g_hash_table_contains (self->owners, name))
    return;
  owner = g_new0 (QuiltDbusOwner, 1);
  g_hash_table_insert (self->owners, g_strdup (name), owner);
  self->ask ("AddMatch", rule, NULL, self->ask_data);
  self->ask ("GetNameOwner", name, owner, self->ask_data);
}

static void
take_owner (QuiltDbusSignals *self, const QuiltDbusMessage *message)
{
  const char *name, *unique;
  QuiltDbusOwner *owner;

  if (g_strcmp0 (message->sender, QUILT_DBUS_BUS) != 0 ||
      strcmp (message->interface, QUILT_DBUS_BUS) != 0 ||
      strcmp (message->member, "NameOwnerChanged") != 0 ||
      !g_variant_is_of_type (message->body, G_VARIANT_TYPE ("(sss)")))
    return;
  g_variant_get (message->body, "(&s&s&s)", &name, NULL, &unique);
  owner = g_hash_table_lookup (self->owners, name);
  if (!owner)
    return;
  g_free (owner->unique);
  owner->unique = *unique ? g_strdup (unique) : NULL;
}

static gboolean
is_from (QuiltDbusSignals *self, const QuiltDbusMessage *message, const char *sender)
{
  const QuiltDbusOwner *owner = sender ? g_hash_table_lookup (self->owners, sender) : NULL;

  if (!sender)
    return TRUE;
  return message->sender &&
         strcmp (message->sender, owner ? owner->unique ? owner->unique : "" : sender) == 0;
}

static gboolean
is_like (const Subscription *self, const QuiltDbusMessage *message)
{
  return strcmp (self->member, message->member) == 0 &&
         strcmp (self->interface, message->interface) == 0 &&
         (!self->path || strcmp (self->path, message->path) == 0);
}

gboolean
quilt_dbus_signals_is_wanted (QuiltDbusSignals *self,
                              const QuiltDbusMessage *message,
                              gboolean is_late)
{
  if (g_strcmp0 (message->sender, QUILT_DBUS_BUS) == 0)
    return TRUE;
  for (guint i = 0; i < self->subscriptions->len; i++) {
    const Subscription *subscription = g_ptr_array_index (self->subscriptions, i);

    if (is_like (subscription, message) &&
        (is_late || is_from (self, message, subscription->sender)))
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_first_arg (const QuiltDbusMessage *message, const char *text)
{
  g_autoptr (GVariant) first = g_variant_n_children (message->body) > 0
                                   ? g_variant_get_child_value (message->body, 0)
                                   : NULL;

  return first &&
         (g_variant_is_of_type (first, G_VARIANT_TYPE_STRING) ||
          g_variant_is_of_type (first, G_VARIANT_TYPE_OBJECT_PATH)) &&
         strcmp (g_variant_get_string (first, NULL), text) == 0;
}

/* The first subscription with a higher id than `behind` that matches the signal. */
static const Subscription *
find_next (QuiltDbusSignals *self, const QuiltDbusMessage *message, guint behind)
{
  for (guint i = 0; i < self->subscriptions->len; i++) {
    const Subscription *subscription = g_ptr_array_index (self->subscriptions, i);

    if (subscription->id > behind && is_like (subscription, message) &&
        (!subscription->arg0 || has_first_arg (message, subscription->arg0)) &&
        is_from (self, message, subscription->sender))
      return subscription;
  }
  return NULL;
}

void
quilt_dbus_signals_dispatch (QuiltDbusSignals *self, const QuiltDbusMessage *message)
{
  const Subscription *subscription;
  guint last = 0;

  take_owner (self, message);
  while ((subscription = find_next (self, message, last))) {
    last = subscription->id;
    subscription->func (message->path, message->body, subscription->data);
  }
}

static void
lose_owner (QuiltDbusSignals *self, const char *name, const QuiltDbusOwner *owner)
{
  g_autoptr (GVariant) body = g_variant_ref_sink (g_variant_new ("(sss)", name, owner->unique, ""));
  const QuiltDbusMessage message = {
      .type = QUILT_DBUS_SIGNAL,
      .path = QUILT_DBUS_BUS_PATH,
      .interface = QUILT_DBUS_BUS,
      .member = "NameOwnerChanged",
      .sender = QUILT_DBUS_BUS,
      .body = body,
  };

  quilt_dbus_signals_dispatch (self, &message);
}

void
quilt_dbus_signals_lose_owners (QuiltDbusSignals *self)
{
  guint n;
  g_autofree gpointer *names = g_hash_table_get_keys_as_array (self->owners, &n);

  for (guint i = 0; i < n; i++) {
    const QuiltDbusOwner *owner = g_hash_table_lookup (self->owners, names[i]);

    if (owner->unique)
      lose_owner (self, names[i], owner);
  }
}

/* The name whose owner the subscription watches. NULL: none. */
static const char *
get_watched_name (const QuiltDbusMatch *match)
{
  return g_strcmp0 (match->sender, QUILT_DBUS_BUS) == 0 &&
                 strcmp (match->member, "NameOwnerChanged") == 0
             ? match->arg0
             : NULL;
}

void
quilt_dbus_signals_add (QuiltDbusSignals *self,
                        const QuiltDbusMatch *match,
                        QuiltDbusSignalFunc func,
                        gpointer data)
{
  Subscription *subscription = g_new0 (Subscription, 1);
  const char *watched = get_watched_name (match);

  subscription->id = ++self->last_id;
  subscription->rule = make_rule (match);
  subscription->sender = g_strdup (match->sender);
  subscription->interface = g_strdup (match->interface);
  subscription->member = g_strdup (match->member);
  subscription->path = g_strdup (match->path);
  subscription->arg0 = g_strdup (match->arg0 ? match->arg0 : match->arg0_path);
  subscription->func = func;
  subscription->data = data;
  g_ptr_array_add (self->subscriptions, subscription);
  track (self, watched ? watched : match->sender);
  self->ask ("AddMatch", subscription->rule, NULL, self->ask_data);
}

void
quilt_dbus_signals_remove (QuiltDbusSignals *self, gpointer data)
{
  for (guint i = self->subscriptions->len; i-- > 0;) {
    const Subscription *subscription = g_ptr_array_index (self->subscriptions, i);

    if (subscription->data != data)
      continue;
    self->ask ("RemoveMatch", subscription->rule, NULL, self->ask_data);
    g_ptr_array_remove_index (self->subscriptions, i);
  }
}
