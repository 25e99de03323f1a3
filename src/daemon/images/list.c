/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists all images in one answer, from the table. */
#include "daemon/images/list.h"

#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/images/image.h"
#include "daemon/images/images-private.h"

static int
compare (gconstpointer a, gconstpointer b)
{
  const QuiltImageRecord *one = quilt_image_get_record (*(QuiltImage *const *)a);
  const QuiltImageRecord *other = quilt_image_get_record (*(QuiltImage *const *)b);

  if (one->created_usec != other->created_usec)
    return one->created_usec < other->created_usec ? -1 : 1;
  return g_strcmp0 (one->digest, other->digest);
}

void
quilt_list_images (QuiltImages *images, QuiltCall *call, GVariant *options)
{
  gboolean with_setups = FALSE;
  const QuiltDictKey keys[] = {{"all", 'b', &with_setups, NULL}};
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = quilt_index_list (quilt_images_get_index (images));
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(osastt)"));

  if (!quilt_dict_read (options, keys, G_N_ELEMENTS (keys), &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  g_ptr_array_sort (all, compare);
  for (guint i = 0; i < all->len; i++) {
    const QuiltImage *image = all->pdata[i];
    const QuiltImageRecord *record = quilt_image_get_record (image);

    if (record->setup_key && !with_setups)
      continue;
    g_variant_builder_add (&rows, "(os^astt)", quilt_image_get_path (image), record->digest,
                           record->names, record->size, record->created_usec);
  }
  quilt_call_return (call, g_variant_new ("(a(osastt))", &rows));
}
