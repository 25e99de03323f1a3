/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records of the kernel's log, in which a container has chosen some of the names. The first line is
 * the container's cgroup. */
#include "fuzz.h"

#include "supervisor/oom.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
  const char *end = size > 0 ? memchr (bytes, '\n', size) : NULL;
  gsize length = end ? (gsize)(end - (const char *)bytes) : 0;
  g_autofree char *cgroup = g_strdup_printf ("/%.*s", (int)length, (const char *)bytes);
  g_autofree char *record = end ? g_strndup (end + 1, size - length - 1) : NULL;
  QuiltVictim *victim = record ? quilt_oom_parse_record (record, cgroup) : NULL;

  if (!victim)
    return 0;
  FUZZ_CHECK (strstr (record, cgroup));
  FUZZ_CHECK (victim->pid > 0);
  FUZZ_CHECK (g_utf8_validate (victim->name, -1, NULL));
  for (const char *p = victim->name; *p; p++)
    FUZZ_CHECK (!g_ascii_iscntrl (*p));
  quilt_victim_free (victim);
  return 0;
}
