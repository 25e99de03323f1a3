/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The key by which containers share what their setup steps leave behind. */
#include "spec/options/setup-key.h"

#include "base/json.h"

/* Change this number when the same key would no longer mean the same result. */
#define KEY_VERSION 1

/* Options that do not change what steps leave behind. All others count, so an option that is added
 * later counts unless it is listed here. A limit can make a step fail, but then nothing is kept. */
static const char *const irrelevant[] = {
    "name",
    "command",
    "entrypoint",
    "labels",
    "setup-timeout",
    "setup-cache",
    "runtime-max",
    "log-rate-burst",
    "log-rate-interval",
    "auto-remove",
    "memory-max",
    "memory-low",
    "memory-high",
    "memory-swap",
    "cpu-quota",
    "cpu-weight",
    "cpuset-cpus",
    "cpuset-mems",
    "pids-max",
    "io-weight",
    "device-read-bps",
    "device-write-bps",
    "device-read-iops",
    "device-write-iops",
    "strict-limits",
    "slice",
    "oom-score-adj",
    "stop-signal",
    "stop-timeout",
    "interactive",
    "terminal",
    "init",
    NULL,
};

gboolean
quilt_setup_key_counts (const char *key)
{
  return !g_strv_contains (irrelevant, key);
}

char *
quilt_setup_key_new (const QuiltOptions *options, const QuiltSetupGround *ground)
{
  g_autoptr (json_object) key = json_object_new_object ();
  json_object *all = quilt_options_to_json (options);
  const char *cwd = ground->working_directory ? ground->working_directory : "";
  g_autofree char *text = NULL;

  for (const char *const *name = irrelevant; *name; name++)
    json_object_object_del (all, *name);
  json_object_object_add (key, "version", json_object_new_int (KEY_VERSION));
  json_object_object_add (key, "image", json_object_new_string (ground->image));
  json_object_object_add (key, "env", quilt_json_new_strv ((const char *const *)ground->image_env));
  json_object_object_add (key, "working-directory", json_object_new_string (cwd));
  json_object_object_add (key, "machine", json_object_new_string (ground->machine));
  json_object_object_add (key, "owner", json_object_new_uint64 (ground->owner));
  json_object_object_add (key, "options", all);
  text = quilt_json_print (key, FALSE);
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);
}
