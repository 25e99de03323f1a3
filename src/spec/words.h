/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small grammars: names, sizes, durations, signals, CPU counts, setup steps. Pure. */
#pragma once

#include <glib.h>
#include <signal.h>

/* A number without bound: a limit that is not set. */
#define QUILT_INFINITY G_MAXUINT64

/* [a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}, and no ID. FALSE sets INVALID_ARGUMENT saying the grammar. */
gboolean quilt_container_name_check (const char *name, GError **error);
/* An image's name: components of [a-z0-9._-] by '/', an optional ":tag"; at most 255 bytes; no
 * digest. */
gboolean quilt_image_name_check (const char *name, GError **error);
/* RFC 1123: labels and dots, at most 64 bytes (the kernel's limit). */
gboolean quilt_hostname_check (const char *hostname, GError **error);
/* A NIS domain name, as a host name. */
gboolean quilt_domainname_check (const char *domainname, GError **error);
/* "local", or what may be a name below /usr/share/zoneinfo, and leads nowhere else. */
gboolean quilt_timezone_check (const char *zone, GError **error);
/* The host name of the container called so: one label, with '-' for what a label can't have. */
char *quilt_hostname_from_name (const char *container_name);
/* 32 hexadecimal digits, and a prefix of them (at least 1). */
gboolean quilt_id_check (const char *id);
gboolean quilt_id_prefix_check (const char *prefix);
/* A new random ID (getrandom(2)), 32 hex. */
char *quilt_id_new (void);
/* The signal that systemd sends to all processes of a container's scope when it stops the scope
 * while quiltd is away. Only the supervisor acts on it, as on a stop. All other processes ignore it
 * by default, and those with a handler (Go's runtime, a reader of urgent data) treat it as noise.
 */
#define QUILT_SCOPE_KILL_SIGNAL SIGURG

/* "quilt-NAME.scope". The grammar of names leaves nothing that a unit name would have to escape
 * (systemd.unit(5)), so name must have passed quilt_container_name_check(). */
char *quilt_scope_name (const char *container_name);

/* "512", "512k", "64M", "1.5G", "infinity" → bytes (1024-based as podman and systemd). */
gboolean quilt_parse_bytes (const char *text, guint64 *ret_bytes, GError **error);
/* "1.5" CPUs, "150%", "infinity" → µs of CPU time per second. */
gboolean quilt_parse_cpus (const char *text, guint64 *ret_usec, GError **error);
/* A limit as podman spells it: a size, or "-1" as "infinity". */
gboolean quilt_parse_byte_limit (const char *text, guint64 *ret_bytes, GError **error);
/* 1 to 10000, or "infinity" for the host's default; podman's --cpu-shares (2 to 262144) and
 * --blkio-weight (10 to 1000) as such a weight, 0 of them being the default. */
gboolean quilt_parse_weight (const char *text, guint64 *ret_weight, GError **error);
gboolean quilt_parse_cpu_shares (const char *text, guint64 *ret_weight, GError **error);
gboolean quilt_parse_blkio_weight (const char *text, guint64 *ret_weight, GError **error);
/* "10" (s), "1.5s", "500ms", "2min", "1h", "infinity" → µs. */
gboolean quilt_parse_duration (const char *text, guint64 *ret_usec, GError **error);
/* "15", "TERM", "SIGTERM", "RTMIN+3", any case → 1..64. */
gboolean quilt_parse_signal (const char *text, int *ret_signal, GError **error);
/* "SIGTERM"; "SIGRTMIN+3". A static or thread-local string is not used: owned by the caller. */
char *quilt_signal_to_string (int signal);

/* A --setup step to its argv: "npm: typescript eslint" (also pip, gem, apt, apk, dnf) is the
 * package manager's own non-interactive install; anything else is {"/bin/sh", "-c", step}. */
char **quilt_setup_step_argv (const char *step, GError **error);
