/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Authorization: asks polkit for every caller but root. This is the only place that denies. */
#include "daemon/bus/authority.h"

#include "base/error.h"
#include "daemon/bus/admission.h"
#include "daemon/bus/error.h"

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* CheckAuthorizationFlags of polkit's D-Bus interface. */
#define ALLOW_USER_INTERACTION 1u

/* Time limit for an answer of polkit that needs no user. */
#define PATIENCE_SECONDS 25

struct QuiltAuthority {
  QuiltDbus *bus;
  GPtrArray *checks; /* of Check, not decided yet */
  guint64 cancellation_ids;
};

/* One call that waits for a decision; owned by authority->checks. */
/* Calls of one user for which polkit may ask that user at the same time. */
#define QUESTIONS_MAX 8

typedef struct {
  QuiltAuthority *authority;
  QuiltCall *call;
  const char *action;
  GPtrArray *details;
  guint next; /* index of the next element of details to ask about */
  QuiltAuthorizedFunc authorized;
  /* used instead of authorized: a denial is then an answer, not an error */
  QuiltConsultedFunc consulted;
  gpointer data;
  QuiltDbusPending pending; /* the question to polkit */
  gboolean watches;         /* whether the caller is watched */
  gboolean asks_user;       /* polkit may ask the user for a password, which may take long */
  char *cancellation_id;    /* set while polkit is asked */
} Check;

static QuiltDbusCall
make_question (const char *method, GVariant *args)
{
  return (QuiltDbusCall){.destination = POLKIT_NAME,
                         .path = POLKIT_PATH,
                         .interface = POLKIT_INTERFACE,
                         .method = method,
                         .args = args};
}

static void
cancel_question (Check *check)
{
  QuiltDbusCall call;

  if (!check->cancellation_id)
    return;
  call = make_question ("CancelCheckAuthorization", g_variant_new ("(s)", check->cancellation_id));
  call.flags = QUILT_DBUS_NO_AUTO_START;
  quilt_dbus_call (check->authority->bus, &call, NULL, NULL, NULL);
  g_clear_pointer (&check->cancellation_id, g_free);
}

static void
check_free (Check *check)
{
  quilt_dbus_pending_clear (&check->pending);
  g_clear_pointer (&check->details, g_ptr_array_unref);
  g_free (check->cancellation_id);
  g_free (check);
}

/* Frees the check; its call stays. */
static QuiltCall *
end (Check *check)
{
  QuiltCall *call = check->call;

  if (check->watches)
    quilt_call_unwatch_caller (call, check);
  g_ptr_array_remove_fast (check->authority->checks, check);
  return call;
}

/* The two ends of a check. */

static void
deny (Check *check, const GError *why)
{
  cancel_question (check);
  quilt_bus_error_return (end (check), why);
}

static void
decided (Check *check, gboolean allowed)
{
  QuiltAuthorizedFunc authorized = check->authorized;
  QuiltConsultedFunc consulted = check->consulted;
  gpointer data = check->data;
  QuiltCall *call = end (check);

  if (consulted)
    consulted (call, allowed, data);
  else
    authorized (call, data);
}

static GVariant *
current_details (Check *check)
{
  return check->details && check->details->len > 0 ? check->details->pdata[check->next] : NULL;
}

/* Describes the call: "org.quilt.manage-containers (verb 'stop', container 'web')". */
static char *
what (Check *check)
{
  GString *text = g_string_new (check->action);
  GVariant *details = current_details (check);
  const char *key, *value, *separator = " (";
  GVariantIter iter;

  if (!details)
    return g_string_free (text, FALSE);
  g_variant_iter_init (&iter, details);
  while (g_variant_iter_next (&iter, "{&s&s}", &key, &value)) {
    g_string_append_printf (text, "%s%s '%s'", separator, key, value);
    separator = ", ";
  }
  if (g_variant_n_children (details) > 0)
    g_string_append_c (text, ')');
  return g_string_free (text, FALSE);
}

static void
deny_because (Check *check, const char *why)
{
  g_autofree char *text = what (check);
  g_autoptr (GError) error =
      g_error_new (QUILT_ERROR, QUILT_ERROR_NOT_AUTHORIZED, "Not authorized for %s: %s", text, why);

  deny (check, error);
}

/* Handles a denial of polkit. */
static void
refuse (Check *check, const char *why)
{
  if (check->consulted)
    decided (check, FALSE);
  else
    deny_because (check, why);
}

/* Asking polkit. */

static void ask (Check *check);

/* Whether polkit may ask the user for a password. */
static gboolean
is_interactive (Check *check)
{
  return !check->consulted && quilt_call_is_interactive (check->call);
}

static void
on_answer (QuiltDbusReply *reply, gpointer data)
{
  Check *check = data;
  const gboolean asked = check->asks_user;
  gboolean yes = FALSE, challenge = FALSE;

  if (!reply->body) {
    g_autofree char *why =
        g_strdup_printf ("polkit did not answer, so only root may: %s", reply->error->message);

    refuse (check, why);
    return;
  }
  check->asks_user = FALSE;
  g_clear_pointer (&check->cancellation_id, g_free);
  g_variant_get (reply->body, "((bba{ss}))", &yes, &challenge, NULL);
  if (!yes && challenge && asked)
    refuse (check, "polkit has to ask for a password, but your session has no agent that can ask; "
                   "run it as root or in a login session");
  else if (!yes && challenge)
    refuse (check, "polkit has to ask for a password, but this call does not allow that; run it as "
                   "root or on a terminal");
  else if (!yes)
    refuse (check, "polkit denied it; an administrator can allow it with a rule, see polkit(8)");
  else if (check->details && ++check->next < check->details->len)
    ask (check);
  else
    decided (check, TRUE);
}

/* The current details with "own", since a polkit rule knows the caller's name but not its uid. */
static GVariant *
complete_details (Check *check)
{
  GVariant *details = current_details (check);
  g_autofree char *uid = g_strdup_printf ("%u", quilt_admission_get_uid (check->call));
  const char *key, *value;
  GVariantIter iter;
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  if (details) {
    g_variant_iter_init (&iter, details);
    while (g_variant_iter_next (&iter, "{&s&s}", &key, &value)) {
      g_variant_builder_add (&builder, "{ss}", key, value);
      if (g_str_equal (key, "owner"))
        g_variant_builder_add (&builder, "{ss}", "own", g_str_equal (value, uid) ? "yes" : "no");
    }
  }
  return g_variant_builder_end (&builder);
}

/* Whether the user's agent has enough questions already. An agent that never answers must not use
 * up the calls that wait for polkit. */
static gboolean
has_many_questions (const Check *check)
{
  const guint32 uid = quilt_admission_get_uid (check->call);
  guint n = 0;

  for (guint i = 0; i < check->authority->checks->len; i++) {
    const Check *other = check->authority->checks->pdata[i];

    if (other != check && other->asks_user && quilt_admission_get_uid (other->call) == uid)
      n++;
  }
  return n >= QUESTIONS_MAX;
}

static void
ask (Check *check)
{
  const gboolean interactive = is_interactive (check) && !has_many_questions (check);
  GVariantBuilder subject;
  QuiltDbusCall call;

  g_variant_builder_init (&subject, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&subject, "{sv}", "name",
                         g_variant_new_string (quilt_call_get_sender (check->call)));
  check->asks_user = interactive;
  g_free (check->cancellation_id);
  check->cancellation_id =
      g_strdup_printf ("quiltd-%" G_GUINT64_FORMAT, check->authority->cancellation_ids++);
  call = make_question ("CheckAuthorization",
                        g_variant_new ("((sa{sv})s@a{ss}us)", "system-bus-name", &subject,
                                       check->action, complete_details (check),
                                       interactive ? ALLOW_USER_INTERACTION : 0,
                                       check->cancellation_id));
  call.reply_type = "((bba{ss}))";
  call.is_slow = interactive;
  call.timeout_sec = interactive ? 0 : PATIENCE_SECONDS; /* the user may type a password */
  quilt_dbus_pending_clear (&check->pending);
  quilt_dbus_call (check->authority->bus, &call, on_answer, check, &check->pending);
}

static void
on_caller_vanished (gpointer data)
{
  Check *check = data;

  check->watches = FALSE;
  deny_because (check, "the caller has left the bus");
}

static Check *
check_new (
    QuiltAuthority *self, QuiltCall *call, const char *action, GPtrArray *details, gpointer data)
{
  Check *check = g_new0 (Check, 1);

  check->authority = self;
  check->call = call;
  check->action = action;
  check->details = details ? g_ptr_array_ref (details) : NULL;
  check->data = data;
  g_ptr_array_add (self->checks, check);
  return check;
}

static void
begin (Check *check)
{
  if (quilt_admission_get_uid (check->call) == 0) {
    decided (check, TRUE);
    return;
  }
  /* Watch the caller before asking polkit, on the same connection. If the caller is already gone,
   * polkit does not know it. If it goes later, we notice. */
  quilt_call_watch_caller (check->call, on_caller_vanished, check);
  check->watches = TRUE;
  ask (check);
}

void
quilt_authority_require (QuiltAuthority *self,
                         QuiltCall *call,
                         const char *action,
                         GPtrArray *details,
                         QuiltAuthorizedFunc authorized,
                         gpointer data)
{
  Check *check = check_new (self, call, action, details, data);

  check->authorized = authorized;
  begin (check);
}

void
quilt_authority_consult (QuiltAuthority *self,
                         QuiltCall *call,
                         const char *action,
                         GPtrArray *details,
                         QuiltConsultedFunc consulted,
                         gpointer data)
{
  Check *check = check_new (self, call, action, details, data);

  check->consulted = consulted;
  begin (check);
}

static void
add_text (GVariantBuilder *builder, const char *key, const char *value)
{
  if (value)
    g_variant_builder_add (builder, "{ss}", key, value);
}

GVariant *
quilt_authority_details_new (const char *verb,
                             const char *container,
                             guint32 owner,
                             const char *image)
{
  g_autofree char *uid = owner == G_MAXUINT32 ? NULL : g_strdup_printf ("%u", owner);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  add_text (&builder, "verb", verb);
  add_text (&builder, "container", container);
  add_text (&builder, "owner", uid);
  add_text (&builder, "image", image);
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

void
quilt_authority_add_image_details (GPtrArray *details,
                                   const char *verb,
                                   const char *container,
                                   char *const *names,
                                   const char *digest,
                                   const char *option)
{
  for (; *names; names++) {
    GVariantBuilder builder;

    g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
    add_text (&builder, "verb", verb);
    add_text (&builder, "container", container);
    add_text (&builder, "image", *names);
    add_text (&builder, "digest", digest);
    add_text (&builder, "option", option);
    g_ptr_array_add (details, g_variant_ref_sink (g_variant_builder_end (&builder)));
  }
}

QuiltAuthority *
quilt_authority_new (QuiltDbus *bus)
{
  QuiltAuthority *self = g_new0 (QuiltAuthority, 1);

  self->bus = bus;
  self->checks = g_ptr_array_new_with_free_func ((GDestroyNotify)check_free);
  return self;
}

void
quilt_authority_free (QuiltAuthority *self)
{
  /* Leave the calls unanswered: the bus tells their callers that quiltd has gone, so they can ask
   * the next quiltd. */
  while (self->checks->len > 0) {
    Check *check = self->checks->pdata[0];

    cancel_question (check);
    quilt_call_unref (end (check));
  }
  g_ptr_array_unref (self->checks);
  g_free (self);
}
