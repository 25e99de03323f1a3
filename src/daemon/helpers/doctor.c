/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The method Diagnose: runs one quilt-doctor at a time. Callers that ask meanwhile get the same
 * answer. */
#include "daemon/helpers/doctor.h"

#include "base/error.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/helpers/helper.h"

#include <string.h>

#define PATIENCE_SECONDS 20

typedef struct {
  QuiltDoctor *doctor;
  QuiltHelper *helper;
  GPtrArray *calls;
  GVariantBuilder rows;
  guint timer;
} Diagnosis;

struct QuiltDoctor {
  QuiltHub *hub;
  const QuiltPrograms *programs;
  char *state_dir;
  Diagnosis *diagnosis; /* the diagnosis under way */
};

static const char *const verdicts[] = {"good", "limited", "missing"};

static void
on_finding (const QuiltMessage *message, gpointer data)
{
  Diagnosis *self = data;
  g_auto (GStrv) lines = g_strsplit (message->text, "\n", 3);

  if (message->type != QUILT_MESSAGE_FINDING || message->code < 0 ||
      (gsize)message->code >= G_N_ELEMENTS (verdicts) || g_strv_length (lines) != 3)
    return;
  g_variant_builder_add (&self->rows, "(ssss)", lines[0], verdicts[message->code], lines[1],
                         lines[2]);
}

static void
on_closed (gpointer data)
{
  Diagnosis *self = data;
  g_autoptr (GVariant) rows = g_variant_ref_sink (g_variant_builder_end (&self->rows));

  for (guint i = 0; i < self->calls->len; i++)
    quilt_call_return (self->calls->pdata[i], g_variant_new ("(@a(ssss))", rows));
  self->doctor->diagnosis = NULL;
  quilt_helper_free (self->helper);
  g_source_remove (self->timer);
  g_ptr_array_unref (self->calls);
  g_free (self);
}

static const QuiltHelperEvents events = {on_finding, on_closed};

/* on_closed() follows, and answers with the findings so far. */
static gboolean
on_out_of_patience (gpointer data)
{
  Diagnosis *self = data;

  quilt_helper_kill (self->helper);
  return G_SOURCE_CONTINUE;
}

static Diagnosis *
begin (QuiltDoctor *doctor, GError **error)
{
  g_autofree char *program = g_build_filename (doctor->programs->path, "quilt-doctor", NULL);
  const char *const argv[] = {program, doctor->state_dir, NULL};
  Diagnosis *self = g_new0 (Diagnosis, 1);

  self->helper = quilt_helper_spawn (doctor->programs->fd, argv, NULL, 0, &events, self, error);
  if (!self->helper) {
    g_free (self);
    return NULL;
  }
  self->doctor = doctor;
  self->calls = g_ptr_array_new ();
  g_variant_builder_init (&self->rows, G_VARIANT_TYPE ("a(ssss)"));
  self->timer = g_timeout_add_seconds (PATIENCE_SECONDS, on_out_of_patience, self);
  return self;
}

static void
authorized (QuiltCall *call, gpointer data)
{
  QuiltDoctor *self = data;
  g_autoptr (GError) error = NULL;

  if (!self->diagnosis)
    self->diagnosis = begin (self, &error);
  if (self->diagnosis)
    g_ptr_array_add (self->diagnosis->calls, call);
  else
    quilt_bus_error_return (call, error);
}

void
quilt_doctor_diagnose (QuiltDoctor *self, QuiltCall *call, GVariant *options)
{
  g_autoptr (GPtrArray) details = NULL;
  g_autoptr (GError) error = NULL;

  if (!quilt_dict_read (options, NULL, 0, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_ptr_array_add (details, quilt_authority_details_new ("diagnose", NULL, G_MAXUINT32, NULL));
  quilt_authority_require (quilt_hub_get_authority (self->hub), call, QUILT_ACTION_INSPECT, details,
                           authorized, self);
}

QuiltDoctor *
quilt_doctor_new (QuiltHub *hub, const QuiltPrograms *programs, const char *state_dir)
{
  QuiltDoctor *self = g_new0 (QuiltDoctor, 1);

  self->hub = hub;
  self->programs = programs;
  self->state_dir = g_strdup (state_dir);
  return self;
}

void
quilt_doctor_free (QuiltDoctor *self)
{
  g_free (self->state_dir);
  g_free (self);
}
