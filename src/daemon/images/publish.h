/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Puts a new image, or a new name of an image, into the store, the table and the bus. */
#pragma once

#include "daemon/images/image.h"

typedef struct QuiltPublication QuiltPublication;

struct QuiltPublication {
  QuiltImages *images;
  char *name; /* that the image gets; NULL: none */
  /* The record of the image, without names. If an image with its digest exists, that only gets the
   * name. */
  QuiltImageRecord *record;
  char *layer;         /* the digest of the layer that was made; NULL: none */
  char *temporary;     /* the name of that layer while it is unfinished; NULL: it exists */
  QuiltLayerInfo info; /* of that layer; set by the publication */
  gboolean existed;    /* the image has existed; set by the publication */

  /* Called in the main thread when the publication's turn comes. image: the image with that digest;
   * NULL: there is none. If it returns FALSE, nothing is published. */
  gboolean (*check) (QuiltPublication *self, const QuiltImage *image, GError **error);
  /* The last call: with the image, or with an error. An unfinished layer may be left after an
   * error. Frees the publication afterwards. */
  void (*ended) (QuiltPublication *self, const QuiltImage *image, const GError *error);
  gpointer data;

  /* Only for publish.c. */
  QuiltImageRecord *loser; /* of the image that loses the name */
  GError *error;
};

QuiltPublication *quilt_publication_new (QuiltImages *images);

/* The counts of what the layer lacks, as a{st}. Every user can read the signal of a job's end, so
 * it has only numbers, and no paths. Floating. */
GVariant *quilt_publication_left_out (const QuiltPublication *self);

/* Publishes, after the publications that were begun before: two may have the same content or the
 * same name. Takes self. */
void quilt_publication_begin (QuiltPublication *self);
