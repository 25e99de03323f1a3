/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The supervisor's part in setup steps: between two of them, and after the last. */
#include "supervisor/supervisor.h"

void
quilt_supervisor_send (QuiltSupervisor *self, QuiltMessageType type)
{
  QuiltMessage message;

  quilt_message_init (&message, type);
  message.pid = self->payload.pid;
  message.step = self->step;
  message.flags = self->flags;
  message.time_usec = self->started_usec;
  quilt_control_send (&self->control, &message);
}

gboolean
quilt_supervisor_drain (QuiltSupervisor *self)
{
  gboolean drained = TRUE;

  for (guint i = 0; i < QUILT_N_STREAMS; i++)
    drained = quilt_output_pump (&self->outputs[i]) && drained;
  for (guint i = 0; i < QUILT_N_STREAMS && drained; i++)
    drained = quilt_output_end_line (&self->outputs[i]);
  return drained;
}

/* quiltd copies the container's files while the init, the only process, waits. */
static void
detain (QuiltSupervisor *self)
{
  self->flags |= QUILT_MESSAGE_FLAG_DETAINED;
  quilt_supervisor_send (self, QUILT_MESSAGE_STEP);
}

/* Between two steps, the init is the only process. So everything in the pipes now comes from the
 * last step, and later output from the next. */
void
quilt_supervisor_continue_setup (QuiltSupervisor *self)
{
  if (!quilt_supervisor_drain (self))
    return;
  for (guint i = 0; i < QUILT_N_STREAMS; i++) {
    quilt_output_unmark (&self->outputs[i]);
    g_string_truncate (self->outputs[i].tail, 0);
  }
  self->step = self->next_step;
  self->waiting = FALSE;
  quilt_log_set_step (&self->log, self->step);
  if (self->step == 0 && self->detains) {
    detain (self);
    return;
  }
  if (self->step > 0)
    quilt_supervisor_send (self, QUILT_MESSAGE_STEP);
  quilt_payload_continue (&self->payload);
}

void
quilt_supervisor_release (QuiltSupervisor *self)
{
  self->detains = FALSE;
  if (!(self->flags & QUILT_MESSAGE_FLAG_DETAINED))
    return;
  self->flags &= ~(guint)QUILT_MESSAGE_FLAG_DETAINED;
  quilt_payload_continue (&self->payload);
}
