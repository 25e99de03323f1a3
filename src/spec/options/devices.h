/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices of the host that a container has beside the usual ones. */
#pragma once

#include "spec/options/entries.h"

/* A node in the container. */
typedef struct {
  char *path;     /* in the container; plain, and of quiltd's containers below /dev */
  char type;      /* 'c' or 'b' */
  char access[4]; /* of "rwm", for the scope; OCI says that elsewhere: "" if parsed from it */
  guint32 major, minor;
  guint32 mode;     /* permissions alone */
  guint32 uid, gid; /* whose it is, inside */
} QuiltDevice;

GArray *quilt_devices_new (void); /* of QuiltDevice; g_array_unref() frees what they own */
/* Takes path over. */
void quilt_devices_add (GArray *devices,
                        char *path,
                        char type,
                        guint32 major,
                        guint32 minor,
                        guint32 mode,
                        const char *access);

/* Gives away the last one that was added. */
void quilt_devices_own (GArray *devices, guint32 uid, guint32 gid);

/* Whether path is absolute, without "." and "..", and short enough; whether a node may be at it in
 * a container's /dev, where pts, shm, the links and the like are not devices. */
gboolean quilt_device_is_plain (const char *path);
gboolean quilt_device_is_below_dev (const char *path);

extern const QuiltShape quilt_device_shape; /* (sss): source, destination, access */

/* What such a structure asks for: both paths are absolute and without "." and "..". An empty
 * destination, which is below /dev, is the source, and an empty access is "rwm". The strings are of
 * entry. */
typedef struct {
  const char *source, *destination, *access;
} QuiltDeviceRequest;

/* INVALID_ARGUMENT naming key and member; ret_request is untouched then. */
gboolean quilt_device_read (const char *key,
                            GVariant *entry,
                            QuiltDeviceRequest *ret_request,
                            GError **error);
gboolean quilt_devices_check (const char *key, GVariant *devices, GError **error);
