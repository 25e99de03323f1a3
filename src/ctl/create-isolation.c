/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Options of run and create: what the container shares with the host, and what it may do. */
#include "ctl/create-option.h"

#include "ctl/security.h"
#include "ctl/volume.h"
#include "spec/options/devices.h"
#include "spec/options/tmpfs.h"
#include "spec/words.h"

/* Of --volume and --mount, which are one option on the bus: whichever is first adds both. */
static gboolean
add_volumes (const QuiltCreateOption *option,
             const QuiltCreateValue *value,
             const QuiltCreateRequest *request,
             GError **error)
{
  const QuiltCreateValue *volumes = quilt_create_get (request->args, "volume");
  const QuiltCreateValue *mounts = quilt_create_get (request->args, "mount");
  GVariant *entries;

  if (value == mounts && volumes->texts)
    return TRUE;
  entries = quilt_volumes_new (volumes->texts, mounts->texts, error);
  if (entries)
    g_variant_builder_add (request->builder, "{sv}", option->key, entries);
  return entries != NULL;
}

static gboolean
add_security (const QuiltCreateOption *option,
              const QuiltCreateValue *value,
              const QuiltCreateRequest *request,
              GError **error)
{
  return quilt_create_check_texts (option, value, error) &&
         quilt_security_add (value->texts, request->builder, error);
}

static gboolean
add_seccomp (const QuiltCreateOption *option,
             const QuiltCreateValue *value,
             const QuiltCreateRequest *request,
             GError **error)
{
  return quilt_security_add_seccomp (value->text, request->builder, error);
}

static const QuiltCreateOption options[] = {
    {"network", 0, ONE, "Network: none, host or container:NAME", "MODE", "network",
     quilt_create_text},
    {"net", 0, ONE, "The same", "MODE", "network", quilt_create_text},
    {"pid", 0, ONE, "Processes: host or container:NAME", "MODE", "pid", quilt_create_text},
    {"ipc", 0, ONE, "IPC: shareable, host or container:NAME", "MODE", "ipc", quilt_create_text},
    {"uts", 0, ONE, "Host name: host or container:NAME", "MODE", "uts", quilt_create_text},
    {"cgroupns", 0, ONE, "Cgroups that it sees: host", "MODE", "cgroupns", quilt_create_text},
    {"device", 0, MANY, "Give it a device of the host", "HOST[:PATH[:rwm]]", "devices",
     quilt_create_entries, .shape = &quilt_device_shape},
    {"init", 0, FLAG, "Run an init that reaps, passes signals", NULL, "init", quilt_create_flag},
    {"read-only", 0, FLAG, "Root file system is read-only", NULL, "read-only", quilt_create_flag},
    {"cap-add", 0, MANY, "Add capabilities, or ALL", "NAME[,...]", "cap-add", quilt_create_lists},
    {"cap-drop", 0, MANY, "Drop capabilities, or ALL", "NAME[,...]", "cap-drop",
     quilt_create_lists},
    {"user", 'u', ONE, "User that runs the command", "USER[:GROUP]", "user", quilt_create_text},
    {"group-add", 0, MANY, "More groups of that user", "GROUP[,...]", "group-add",
     quilt_create_lists},
    {"ulimit", 0, MANY, "Limit each process (nofile=1024)", "NAME=SOFT[:HARD]", "ulimits",
     quilt_create_texts},
    {"sysctl", 0, MANY, "Set a kernel setting of its own", "KEY=VALUE", "sysctls",
     quilt_create_texts},
    {"tmpfs", 0, MANY, "Mount files in memory", "PATH[:OPTION,...]", "tmpfs", quilt_create_entries,
     .shape = &quilt_tmpfs_shape},
    {"volume", 'v', MANY, "Mount a file or directory of the host", "HOST:PATH[:OPTION]", "volumes",
     add_volumes},
    {"mount", 0, MANY, "The same", "type=bind,src=...,dst=...", "volumes", add_volumes},
    {"shm-size", 0, ONE, "Size of /dev/shm (64M)", "BYTES", "shm-size", quilt_create_number,
     quilt_parse_bytes},
    {"oom-score-adj", 0, ONE, "Who is killed first, of -1000 to 1000", "NUMBER", "oom-score-adj",
     quilt_create_decimal},
    {"umask", 0, ONE, "Mask of modes of new files (0022)", "OCTAL", "umask", quilt_create_octal},
    {"privileged", 0, FLAG, "Turn off most of the isolation", NULL, "privileged",
     quilt_create_flag},
    {"security-opt", 0, MANY, "Set a security option", "NAME[=VALUE]", "security-opt",
     add_security},
    {"seccomp", 0, ONE, "Filter of system calls", "FILE|default|unconfined", "seccomp",
     add_seccomp},
    {"userns", 0, ONE, "Ids on the host (auto, host, keep-id)", "MODE|MAP", "userns",
     quilt_create_text},
};

const QuiltCreateTable quilt_create_isolation = {options, G_N_ELEMENTS (options)};
