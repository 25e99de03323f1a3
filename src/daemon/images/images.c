/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shared by all images. */
#include "daemon/images/images.h"

#include "daemon/bus/work.h"

QuiltImages *
quilt_images_new (QuiltHub *hub, QuiltStore *store, const QuiltPrograms *programs)
{
  QuiltImages *self = g_new0 (QuiltImages, 1);

  self->hub = hub;
  self->store = quilt_store_ref (store);
  self->programs = programs;
  self->index = quilt_index_new (
      "image", "'quiltctl images' lists the images, 'quiltctl import ARCHIVE NAME' adds one",
      g_object_unref);
  g_queue_init (&self->imports);
  self->in_turn = quilt_work_pool_new ();
  return self;
}

void
quilt_images_free (QuiltImages *self)
{
  g_thread_pool_free (self->in_turn, FALSE, TRUE);
  if (quilt_hub_is_idle (self->hub) && (self->uses > 0 || self->changes > 0))
    g_critical ("%u uses and %u changes of images were not released", self->uses, self->changes);
  quilt_index_free (self->index);
  quilt_store_unref (self->store);
  g_free (self);
}
