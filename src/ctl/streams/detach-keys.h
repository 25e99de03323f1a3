/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys that a user types at a container's terminal to leave it. */
#pragma once

#include <glib.h>

#define QUILT_DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"
#define QUILT_DETACH_KEYS_MAX 16

typedef struct {
  char keys[QUILT_DETACH_KEYS_MAX];
  guint n;       /* 0: no keys detach */
  guint n_typed; /* how many of them were typed last, and not passed on */
} QuiltDetachKeys;

/* Reads keys as podman does: characters or "ctrl-KEY", separated by commas. KEY is a letter or one
 * of
 * @ [ \ ] ^ _. The empty text means no keys. Error: INVALID_ARGUMENT. */
gboolean quilt_detach_keys_parse (const char *text, QuiltDetachKeys *ret_keys, GError **error);

/* Finds the keys in what is typed. Returns TRUE if they are complete. ret_passed gets the bytes to
 * pass on, at most length + QUILT_DETACH_KEYS_MAX: those before the keys, and keys that were typed
 * in vain. */
gboolean quilt_detach_keys_find (
    QuiltDetachKeys *keys, const char *typed, gsize length, char *ret_passed, gsize *ret_length);
