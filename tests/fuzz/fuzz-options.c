/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options: '{…' as a record's JSON, 'T…' as a text for each small grammar, all other input as the
 * bytes of a D-Bus dictionary. Accepted input must make a configuration, and pass through the
 * record unchanged. */
#include "fuzz.h"

#include "base/error.h"
#include "base/json.h"
#include "spec/capabilities.h"
#include "spec/id-map.h"
#include "spec/oci/oci.h"
#include "spec/options/devices.h"
#include "spec/options/resources.h"
#include "spec/options/tmpfs.h"
#include "spec/options/volume.h"
#include "spec/rlimits.h"
#include "spec/sysctl.h"
#include "spec/names.h"
#include "spec/quantities.h"
#include "spec/setup.h"
#include "spec/signals.h"

#include <string.h>

static void
check_spec (const QuiltOptions *options)
{
  static const char *const layers[] = {"/layer", NULL};
  static const QuiltRootfs rootfs = {layers, "/upper", "/work", "/root", TRUE};
  g_autoptr (QuiltSpec) spec = NULL;
  g_autoptr (QuiltSpec) again = NULL;
  g_autofree char *text = NULL;
  GError *error = NULL;

  spec = quilt_spec_new_for_container ("0123456789abcdef0123456789abcdef", options, NULL, &rootfs,
                                       &error);
  if (!options->command || !*options->command) {
    FUZZ_CHECK_REFUSED (error);
    return;
  }
  g_assert_no_error (error);
  text = quilt_spec_print (spec, FALSE);
  again = quilt_spec_parse (text, strlen (text), &error);
  g_assert_no_error (error);
}

static void
check_taken (const QuiltOptions *options)
{
  g_autoptr (json_object) object = quilt_options_to_json (options);
  g_autofree char *text = quilt_json_print (object, FALSE);
  g_autoptr (json_object) parsed = NULL;
  g_autoptr (json_object) reprinted = NULL;
  g_autoptr (QuiltOptions) again = NULL;
  g_autoptr (GVariant) properties = NULL;
  g_autofree char *again_text = NULL;
  GError *error = NULL;

  parsed = quilt_json_parse (text, strlen (text), 4 << 20, &error);
  g_assert_no_error (error);
  again = quilt_options_from_json (parsed, &error);
  g_assert_no_error (error);
  reprinted = quilt_options_to_json (again);
  again_text = quilt_json_print (reprinted, FALSE);
  g_assert_cmpstr (text, ==, again_text);
  properties = g_variant_ref_sink (quilt_options_scope_properties (options, NULL, 1, "org.quilt"));
  FUZZ_CHECK (g_variant_is_normal_form (properties));
  check_spec (options);
}

static void
fuzz_json (const uint8_t *data, size_t size)
{
  g_autoptr (json_object) object = quilt_json_parse ((const char *)data, size, 1 << 20, NULL);
  g_autoptr (QuiltOptions) options = NULL;
  GError *error = NULL;

  if (!object)
    return;
  options = quilt_options_from_json (object, &error);
  if (options)
    check_taken (options);
  else
    FUZZ_CHECK_REFUSED (error);
}

static void
fuzz_variant (const uint8_t *data, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  g_autoptr (GVariant) raw = NULL;
  g_autoptr (GVariant) dict = NULL;
  g_autoptr (QuiltOptions) options = NULL;
  GError *error = NULL;

  raw = g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, bytes, FALSE));
  /* As from the bus: GDBus hands out nothing else. */
  dict = g_variant_get_normal_form (raw);
  options = quilt_options_from_variant (dict, &error);
  if (options)
    check_taken (options);
  else
    FUZZ_CHECK_REFUSED (error);
}

/* Also as it is of a mount with all that is mounted below. */
static gboolean
has_option (char **options, const char *name)
{
  g_autofree char *below = g_strconcat ("r", name, NULL);

  return g_strv_contains ((const char *const *)options, name) ||
         g_strv_contains ((const char *const *)options, below);
}

static void
check_volume (GVariant *entry)
{
  g_auto (QuiltVolume) volume = {NULL};
  g_auto (GStrv) options = NULL;
  g_autofree const char **words = NULL;
  GError *error = NULL;

  if (!quilt_volume_read ("volumes", entry, &volume, &error)) {
    FUZZ_CHECK_REFUSED (error);
    FUZZ_CHECK (!volume.source && !volume.destination);
    return;
  }
  FUZZ_CHECK (*volume.source == '/' && !strstr (volume.source, "/../"));
  FUZZ_CHECK (*volume.destination == '/' && volume.destination[1] &&
              !strstr (volume.destination, "/../") &&
              !g_str_has_prefix (volume.destination, "/proc/"));
  options = quilt_volume_mount_options (&volume, TRUE);
  g_variant_get (entry, "(ss^a&s)", NULL, NULL, &words);
  FUZZ_CHECK (!has_option (options, "suid") && !has_option (options, "dev"));
  FUZZ_CHECK (has_option (options, "nosuid") || g_strv_contains (words, "suid"));
  FUZZ_CHECK (has_option (options, "nodev") || g_strv_contains (words, "dev"));
}

static void
check_tmpfs (GVariant *entry)
{
  g_auto (GStrv) words = NULL;
  g_autofree char *place = NULL;
  GError *error = NULL;

  if (!quilt_tmpfs_read ("tmpfs", entry, &place, &words, &error))
    FUZZ_CHECK_REFUSED (error);
  else
    FUZZ_CHECK (*place == '/' && !strstr (place, "/../") && !g_str_has_prefix (place, "/proc/"));
}

static void
check_device (GVariant *entry)
{
  QuiltDeviceRequest request;
  GError *error = NULL;

  if (!quilt_device_read ("devices", entry, &request, &error))
    FUZZ_CHECK_REFUSED (error);
  else
    FUZZ_CHECK (*request.source == '/' && g_str_has_prefix (request.destination, "/dev") &&
                !strstr (request.destination, "/../") && *request.access);
}

static void
check_rate (GVariant *entry)
{
  g_autoptr (GVariant) rates = g_variant_ref_sink (g_variant_new_array (NULL, &entry, 1));
  GError *error = NULL;

  if (!quilt_rates_check ("device-read-bps", rates, &error))
    FUZZ_CHECK_REFUSED (error);
}

/* The structure that a text stands for must pass through the record unchanged. */
static void
fuzz_shape (const QuiltShape *shape, void (*check) (GVariant *entry), const char *text)
{
  g_autoptr (GVariant) entries = NULL;
  g_autoptr (GVariant) again = NULL;
  g_autoptr (GVariant) taken = NULL;
  g_autoptr (json_object) printed = NULL;
  GError *error = NULL;
  GVariant *entry = shape->from_text ("--option", text, &error);

  if (!entry) {
    FUZZ_CHECK_REFUSED (error);
    return;
  }
  entries = g_variant_ref_sink (g_variant_new_array (NULL, &entry, 1));
  FUZZ_CHECK (g_variant_is_of_type (entries, G_VARIANT_TYPE (shape->type)));
  printed = quilt_entries_to_json (shape, entries);
  again = quilt_entries_from_json (shape, printed, "option", &error);
  g_assert_no_error (error);
  FUZZ_CHECK (g_variant_equal (entries, again));
  taken = g_variant_get_child_value (again, 0);
  check (taken);
}

static void
fuzz_shapes (const char *text)
{
  if (!g_utf8_validate (text, -1, NULL))
    return;
  fuzz_shape (&quilt_volume_shape, check_volume, text);
  fuzz_shape (&quilt_tmpfs_shape, check_tmpfs, text);
  fuzz_shape (&quilt_device_shape, check_device, text);
  fuzz_shape (&quilt_byte_rate_shape, check_rate, text);
  fuzz_shape (&quilt_operation_rate_shape, check_rate, text);
}

/* Fuzzes one element of a list of texts. */
static void
fuzz_element (char *text)
{
  char *list[] = {text, NULL};
  char path[QUILT_SYSCTL_MAX];
  QuiltRlimit limit;
  guint64 mask;
  GError *error = NULL;

  if (!quilt_capability_parse ("cap-add", text, &mask, &error))
    FUZZ_CHECK_REFUSED (error);
  if (!quilt_rlimit_parse ("ulimits", text, &limit, &error))
    FUZZ_CHECK_REFUSED (error);
  else
    FUZZ_CHECK (limit.soft <= limit.hard && quilt_rlimit_to_name (limit.resource));
  if (!quilt_sysctls_check ("sysctls", list, &error))
    FUZZ_CHECK_REFUSED (error);
  if (quilt_sysctl_to_path (text, path))
    FUZZ_CHECK (*path != '/' && !strstr (path, "//") && !g_str_has_prefix (path, "../") &&
                !strstr (path, "/../") && !g_str_has_suffix (path, "/.."));
}

static void
fuzz_id_map (const char *text)
{
  g_autoptr (GArray) map = NULL;
  g_autoptr (GArray) again = NULL;
  g_autofree char *printed = NULL;
  g_autofree char *reprinted = NULL;
  guint32 outside;
  GError *error = NULL;

  if (!quilt_userns_check (text, &error))
    FUZZ_CHECK_REFUSED (error);
  map = quilt_id_map_parse (text, &error);
  if (!map) {
    FUZZ_CHECK_REFUSED (error);
    return;
  }
  FUZZ_CHECK (map->len > 0 && map->len <= QUILT_ID_MAP_LINES && quilt_id_map_check (map, NULL));
  for (guint i = 0; i < map->len; i++) {
    const QuiltIdMap *line = &g_array_index (map, QuiltIdMap, i);

    FUZZ_CHECK (quilt_id_map_find (map, line->inside + (line->count - 1), &outside) &&
                outside == line->outside + (line->count - 1));
  }
  FUZZ_CHECK (quilt_id_map_overlaps (map, map, NULL));
  printed = quilt_id_map_print (map);
  again = quilt_id_map_parse (printed, &error);
  g_assert_no_error (error);
  reprinted = quilt_id_map_print (again);
  g_assert_cmpstr (printed, ==, reprinted);
}

static void
fuzz_text (char *text)
{
  g_auto (GStrv) argv = NULL;
  guint64 value;
  int signal;
  GError *error = NULL;

  if (!quilt_parse_bytes (text, &value, &error))
    FUZZ_CHECK_REFUSED (error);
  if (!quilt_parse_cpus (text, &value, &error))
    FUZZ_CHECK_REFUSED (error);
  if (!quilt_parse_duration (text, &value, &error))
    FUZZ_CHECK_REFUSED (error);
  if (!quilt_parse_signal (text, &signal, &error))
    FUZZ_CHECK_REFUSED (error);
  if (!quilt_container_name_check (text, &error))
    FUZZ_CHECK_REFUSED (error);
  if (!quilt_image_name_check (text, &error))
    FUZZ_CHECK_REFUSED (error);
  if (!quilt_hostname_check (text, &error))
    FUZZ_CHECK_REFUSED (error);
  fuzz_element (text);
  fuzz_shapes (text);
  fuzz_id_map (text);
  argv = quilt_setup_step_argv (text, &error);
  if (!argv)
    FUZZ_CHECK_REFUSED (error);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  if (size > 0 && data[0] == '{') {
    fuzz_json (data, size);
  } else if (size > 0 && data[0] == 'T') {
    g_autofree char *text = g_strndup ((const char *)data + 1, size - 1);

    fuzz_text (text);
  } else {
    fuzz_variant (data, size);
  }
  return 0;
}
