/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lists in one answer, straight from the tables. */
#include "daemon/list.h"

#include "daemon/bus-error.h"
#include "daemon/container.h"
#include "daemon/dict.h"
#include "daemon/image.h"

static int
compare_containers (gconstpointer a, gconstpointer b)
{
  const QuiltContainerRecord *one = (*(QuiltContainer *const *)a)->record;
  const QuiltContainerRecord *other = (*(QuiltContainer *const *)b)->record;

  if (one->created_usec != other->created_usec)
    return one->created_usec < other->created_usec ? -1 : 1;
  return g_strcmp0 (one->id, other->id);
}

/* Kept with the container: of a thousand, few have changed since the last list. */
static GVariant *
get_row (QuiltContainer *container)
{
  const QuiltContainerRecord *record = container->record;
  const QuiltResult *result = &container->result;

  if (!container->row)
    container->row = g_variant_ref_sink (g_variant_new (
        "(ossssstttisu)", container->path, record->id, record->options->name, record->image,
        container->command_line, quilt_state_to_string (container->state), record->created_usec,
        quilt_container_get_started (container), result->finished_usec, result->exit_code,
        result->reason ? result->reason : "", record->owner));
  return container->row;
}

static void
containers_authorized (GDBusMethodInvocation *invocation, gpointer data)
{
  QuiltDaemon *daemon = data;
  g_autoptr (GPtrArray) all = quilt_index_list (daemon->containers);
  g_autofree GVariant **rows = g_new (GVariant *, all->len);
  GVariant *answer;

  g_ptr_array_sort (all, compare_containers);
  for (guint i = 0; i < all->len; i++)
    rows[i] = get_row (all->pdata[i]);
  answer = g_variant_new_array (G_VARIANT_TYPE ("(ossssstttisu)"), rows, all->len);
  g_dbus_method_invocation_return_value (invocation, g_variant_new_tuple (&answer, 1));
}

static int
compare_images (gconstpointer a, gconstpointer b)
{
  const QuiltImageRecord *one = (*(QuiltImage *const *)a)->record;
  const QuiltImageRecord *other = (*(QuiltImage *const *)b)->record;

  if (one->created_usec != other->created_usec)
    return one->created_usec < other->created_usec ? -1 : 1;
  return g_strcmp0 (one->digest, other->digest);
}

static void
images_authorized (GDBusMethodInvocation *invocation, gpointer data)
{
  QuiltDaemon *daemon = data;
  g_autoptr (GPtrArray) all = quilt_index_list (daemon->images);
  g_auto (GVariantBuilder) rows = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a(osastt)"));

  g_ptr_array_sort (all, compare_images);
  for (guint i = 0; i < all->len; i++) {
    const QuiltImage *image = all->pdata[i];
    const QuiltImageRecord *record = image->record;

    g_variant_builder_add (&rows, "(os^astt)", image->path, record->digest, record->names,
                           record->size, record->created_usec);
  }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(a(osastt))", &rows));
}

static void
list (QuiltDaemon *daemon,
      GDBusMethodInvocation *invocation,
      const char *verb,
      GVariant *options,
      QuiltAuthorizedFunc authorized)
{
  g_autoptr (GPtrArray) details = NULL;
  g_autoptr (GError) error = NULL;

  if (!quilt_dict_read (options, NULL, 0, &error)) {
    quilt_bus_error_return (invocation, error);
    return;
  }
  details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_ptr_array_add (details, quilt_authority_details_new (verb, NULL, G_MAXUINT32, NULL));
  quilt_authority_require (daemon->authority, invocation, QUILT_ACTION_INSPECT, details, authorized,
                           daemon);
}

void
quilt_list_containers (QuiltDaemon *daemon, GDBusMethodInvocation *invocation, GVariant *options)
{
  list (daemon, invocation, "list", options, containers_authorized);
}

void
quilt_list_images (QuiltDaemon *daemon, GDBusMethodInvocation *invocation, GVariant *options)
{
  list (daemon, invocation, "images", options, images_authorized);
}
