/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices of the host that a container gets in addition to the usual ones. */
#pragma once

#include "spec/options/entries.h"

/* A device node in the container. */
typedef struct {
  char *path; /* path in the container, plain; below /dev in quiltd's containers */
  char type;  /* 'c' or 'b' */
  /* letters of "rwm", for the scope; "" if parsed from OCI, which has separate rules */
  char access[4];
  guint32 major, minor;
  guint32 mode;     /* permission bits */
  guint32 uid, gid; /* owner in the container */
} QuiltDevice;

GArray *quilt_devices_new (void); /* of QuiltDevice; g_array_unref() frees their members */
/* Adds a device. Takes ownership of path. */
void quilt_devices_add (GArray *devices,
                        char *path,
                        char type,
                        guint32 major,
                        guint32 minor,
                        guint32 mode,
                        const char *access);

/* Sets the owner of the device added last. */
void quilt_devices_own (GArray *devices, guint32 uid, guint32 gid);

/* Whether path is absolute, without "." and "..", and not too long; and whether a node may be at
 * path in a container's /dev, where pts, shm, links and other files are reserved. */
gboolean quilt_device_is_plain (const char *path);
gboolean quilt_device_is_below_dev (const char *path);

extern const QuiltShape quilt_device_shape; /* (sss): source, destination, access */

/* A requested device. Both paths are absolute and without "." and "..". An empty destination means
 * the source, if that is below /dev. An empty access means "rwm". The strings belong to entry. */
typedef struct {
  const char *source, *destination, *access;
} QuiltDeviceRequest;

/* Reads such a structure. Sets INVALID_ARGUMENT, which names key and member; ret_request is then
 * untouched. */
gboolean quilt_device_read (const char *key,
                            GVariant *entry,
                            QuiltDeviceRequest *ret_request,
                            GError **error);
gboolean quilt_devices_check (const char *key, GVariant *devices, GError **error);
