/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The config.json that the verb `spec` writes. */
#include "oci/verbs/template.h"

#include "base/json.h"
#include "spec/oci/features.h"

#include <string.h>

/* Few capabilities: users who need more can add them. */
#define CAPABILITIES "[\"CAP_AUDIT_WRITE\", \"CAP_KILL\", \"CAP_NET_BIND_SERVICE\"]"
#define MOUNT(destination, type, source, options)                                                  \
  "{\"destination\": \"" destination "\", \"type\": \"" type "\", \"source\": \"" source           \
  "\", \"options\": [" options "]}"
#define LOCKED "\"nosuid\", \"noexec\", \"nodev\""

static const char top_text[] =
    "{\"ociVersion\": \"" QUILT_OCI_VERSION_MAX "\","
    " \"process\": {\"terminal\": true, \"user\": {\"uid\": 0, \"gid\": 0}, \"args\": [\"sh\"],"
    "  \"env\": [\"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\","
    "   \"TERM=xterm\"],"
    "  \"cwd\": \"/\","
    "  \"capabilities\": {\"bounding\": " CAPABILITIES ", \"effective\": " CAPABILITIES ","
    "   \"permitted\": " CAPABILITIES "},"
    "  \"rlimits\": [{\"type\": \"RLIMIT_NOFILE\", \"hard\": 1024, \"soft\": 1024}],"
    "  \"noNewPrivileges\": true},"
    " \"root\": {\"path\": \"rootfs\", \"readonly\": true},"
    " \"hostname\": \"quilt\"}";

static const char mounts_text[] =
    "[" MOUNT ("/proc", "proc", "proc", LOCKED) ", " MOUNT ("/dev", "tmpfs", "tmpfs", "\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"") ", " MOUNT ("/dev/pts", "devpts", "devpts", "\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\"") ", " MOUNT (
        "/dev/shm",
        "tmpfs",
        "shm",
        LOCKED
        ", \"mode=1777\", \"size=65536k\"") ", " MOUNT ("/dev/mqueue",
                                                        "mqueue",
                                                        "mqueue",
                                                        LOCKED) ", " MOUNT ("/sys",
                                                                            "sysfs",
                                                                            "sysfs",
                                                                            LOCKED
                                                                            ", \"ro\"") ", " MOUNT ("/sys/fs/cgroup",
                                                                                                    "cgroup2",
                                                                                                    "cgroup",
                                                                                                    LOCKED
                                                                                                    ", \"relatime\", \"ro\"") "]";

static const char linux_text[] =
    "{\"resources\": {\"devices\": [{\"allow\": false, \"access\": \"rwm\"}]},"
    " \"maskedPaths\": [\"/proc/acpi\", \"/proc/asound\", \"/proc/interrupts\", \"/proc/kcore\","
    "  \"/proc/keys\", \"/proc/latency_stats\", \"/proc/sched_debug\", \"/proc/scsi\","
    "  \"/proc/timer_list\", \"/proc/timer_stats\", \"/sys/devices/virtual/powercap\","
    "  \"/sys/devices/virtual/thermal\", \"/sys/firmware\"],"
    " \"readonlyPaths\": [\"/proc/bus\", \"/proc/fs\", \"/proc/irq\", \"/proc/sys\","
    "  \"/proc/sysrq-trigger\"]}";

static json_object *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  json_object *object = quilt_json_parse (text, strlen (text), strlen (text), &error);

  g_assert_no_error (error);
  return object;
}

static void
add_namespaces (json_object *linux_object, gboolean rootless)
{
  static const char *const types[] = {"pid", "ipc", "uts", "mount", "cgroup", "network", "user"};
  json_object *array = json_object_new_array ();

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    json_object *entry;

    if (strcmp (types[i], "user") == 0 && !rootless)
      continue;
    entry = json_object_new_object ();
    json_object_object_add (entry, "type", json_object_new_string (types[i]));
    json_object_array_add (array, entry);
  }
  json_object_object_add (linux_object, "namespaces", array);
}

static void
add_map (json_object *linux_object, const char *key, guint32 id)
{
  json_object *array = json_object_new_array ();
  json_object *map = json_object_new_object ();

  json_object_object_add (map, "containerID", json_object_new_int64 (0));
  json_object_object_add (map, "hostID", json_object_new_int64 (id));
  json_object_object_add (map, "size", json_object_new_int64 (1));
  json_object_array_add (array, map);
  json_object_object_add (linux_object, key, array);
}

json_object *
quilt_oci_template_new (gboolean rootless, uid_t uid, gid_t gid)
{
  json_object *top = parse (top_text);
  json_object *linux_object = parse (linux_text);

  add_namespaces (linux_object, rootless);
  if (rootless) {
    /* Only the host's root can filter devices. */
    json_object_object_del (linux_object, "resources");
    add_map (linux_object, "uidMappings", uid);
    add_map (linux_object, "gidMappings", gid);
  }
  json_object_object_add (top, "mounts", parse (mounts_text));
  json_object_object_add (top, "linux", linux_object);
  return top;
}
