/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The input of update: resources are printed as they were read, merged over themselves, and
 * planned. */
#include "fuzz.h"

#include "base/error.h"
#include "base/json.h"
#include "spec/oci/cgroup.h"
#include "spec/oci/resources.h"

#include <string.h>

static char *
print (const QuiltOciResources *resources)
{
  g_autoptr (json_object) object = quilt_oci_resources_to_json (resources);

  return quilt_json_print (object, FALSE);
}

/* Each write must be one line to a file of a cgroup. */
static void
check_plan (const QuiltOciResources *resources)
{
  GError *error = NULL;
  g_autoptr (GPtrArray) writes = quilt_cgroup_plan_writes (resources, &error);

  if (!writes) {
    FUZZ_CHECK_REFUSED (error);
    return;
  }
  for (guint i = 0; i < writes->len; i++) {
    const QuiltCgroupWrite *write = writes->pdata[i];

    FUZZ_CHECK (!strchr (write->file, '/') && strchr (write->file, '.'));
    FUZZ_CHECK (*write->value && (!write->other_file || *write->other_value));
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (QuiltOciResources) resources = NULL;
  g_autoptr (QuiltOciResources) again = NULL;
  g_autoptr (QuiltOciResources) merged = quilt_oci_resources_new ();
  g_autofree char *text = NULL;
  g_autofree char *reprinted = NULL;
  g_autofree char *once = NULL;
  g_autofree char *twice = NULL;
  GError *error = NULL;

  resources = quilt_oci_resources_parse ((const char *)data, size, &error);
  if (!resources) {
    FUZZ_CHECK_REFUSED (error);
    return 0;
  }
  FUZZ_CHECK (error == NULL);
  text = print (resources);
  again = quilt_oci_resources_parse (text, strlen (text), &error);
  g_assert_no_error (error);
  reprinted = print (again);
  g_assert_cmpstr (text, ==, reprinted);
  check_plan (resources);
  quilt_oci_resources_merge (merged, resources);
  once = print (merged);
  quilt_oci_resources_merge (merged, resources);
  twice = print (merged);
  g_assert_cmpstr (once, ==, twice);
  return 0;
}
