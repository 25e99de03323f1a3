/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans the OCI configuration of a container's next run. */
#include "daemon/containers/plan.h"

#include "base/error.h"
#include "daemon/host/devices.h"
#include "daemon/host/lsm.h"
#include "daemon/host/sensors.h"
#include "spec/options/setup-cache.h"

/* The topmost first. Owned by the caller. */
static char **
dup_layers (const QuiltContainersParts *parts,
            const QuiltContainerRecord *record,
            const QuiltImage *image)
{
  g_autoptr (GStrvBuilder) layers = g_strv_builder_new ();

  g_strv_builder_addv (layers, (const char **)quilt_image_get_layers (image));
  if (record->options->provide) {
    g_autofree char *point = quilt_store_get_provided_point (parts->store);

    g_strv_builder_add (layers, point);
  }
  return g_strv_builder_end (layers);
}

static QuiltSpec *
new_spec (const QuiltContainer *container, const QuiltImage *image, GError **error)
{
  const QuiltContainersParts *parts =
      quilt_containers_parts (quilt_container_get_containers (container));
  const QuiltContainerRecord *record = quilt_container_get_record (container);
  g_auto (GStrv) layers = dup_layers (parts, record, image);
  g_autofree char *upper = quilt_container_path (parts->store, record->id, "upper");
  g_autofree char *work = quilt_container_path (parts->store, record->id, "work");
  /* Any existing directory will do, since the mount is in the container's own mount namespace. */
  g_autofree char *root = quilt_run_dir_get_path (parts->run_dirs, record->id);
  const QuiltRootfs rootfs = {
      .layers = (const char *const *)layers,
      .upper = upper,
      .work = work,
      .mount_point = root,
      .etc = root,
      .is_volatile = record->options->auto_remove,
      .uid_map = record->uid_map,
      .gid_map = record->gid_map,
  };

  return quilt_spec_new_for_container (record->id, record->options,
                                       &quilt_image_get_record (image)->config, &rootfs, error);
}

/* Whether what its setup steps leave behind is there already. */
static gboolean
is_set_up (const QuiltContainer *container)
{
  const QuiltContainerRecord *record = quilt_container_get_record (container);

  return record->setup_image || (quilt_container_get_result (container)->set_up &&
                                 quilt_setup_cache_get (record->options) != QUILT_SETUP_CACHE_OFF);
}

static QuiltSpec *
plan (const QuiltContainer *container, GError **error)
{
  const QuiltContainerRecord *record = quilt_container_get_record (container);
  const QuiltImage *image = quilt_container_get_image (container);
  QuiltSpec *spec;

  if (image) {
    spec = new_spec (container, image, error);
    if (spec && is_set_up (container))
      g_ptr_array_set_size (spec->start_container, 0);
    return spec;
  }
  g_set_error (error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND,
               "The container's image '%s' (%s) is missing; import it again", record->image,
               record->image_digest);
  return NULL;
}

char **
quilt_container_plan_places (const QuiltContainer *container, GError **error)
{
  g_autoptr (QuiltSpec) spec = plan (container, error);
  g_autoptr (GStrvBuilder) places = g_strv_builder_new ();

  if (!spec)
    return NULL;
  for (guint i = 0; i < spec->mounts->len; i++) {
    const QuiltMount *mount = spec->mounts->pdata[i];

    g_strv_builder_add (places, mount->destination);
  }
  return g_strv_builder_end (places);
}

QuiltSpec *
quilt_container_plan (const QuiltContainer *container, GError **error)
{
  const QuiltContainerRecord *record = quilt_container_get_record (container);
  g_autoptr (QuiltSpec) spec = plan (container, error);

  if (!spec || !quilt_lsm_complete (spec, record->options, record->id, error) ||
      !quilt_devices_resolve (record->options, spec->devices, error))
    return NULL;
  quilt_sensors_mask (spec, "/sys/devices/system/cpu");
  g_hash_table_replace (spec->annotations, g_strdup (QUILT_ANNOTATION_IMAGE),
                        g_strdup (record->image));
  return g_steal_pointer (&spec);
}
