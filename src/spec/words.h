/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The small grammars: names, sizes, durations, signals, CPU counts, setup steps. Pure. */
#pragma once

#include <glib.h>
#include <signal.h>

/* Stands for "no limit". */
#define QUILT_INFINITY G_MAXUINT64

/* Checks [a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}, and that it does not look like an ID. Returns FALSE and
 * sets INVALID_ARGUMENT with the grammar. */
gboolean quilt_container_name_check (const char *name, GError **error);
/* Checks an image's name: components of [a-z0-9._-] separated by '/', with an optional ":tag"; at
 * most 255 bytes; not a digest. */
gboolean quilt_image_name_check (const char *name, GError **error);
/* Checks a host name by RFC 1123: labels and dots, at most 64 bytes (the kernel's limit). */
gboolean quilt_hostname_check (const char *hostname, GError **error);
/* Checks a NIS domain name, by the rules of host names. */
gboolean quilt_domainname_check (const char *domainname, GError **error);
/* Checks "local", or a name that stays below /usr/share/zoneinfo. */
gboolean quilt_timezone_check (const char *zone, GError **error);
/* Makes a host name from a container's name: one label, with '-' for characters that a label can't
 * have. */
char *quilt_hostname_from_name (const char *container_name);
/* Check an ID of 32 hexadecimal digits, and a prefix of one, at least 1 digit. */
gboolean quilt_id_check (const char *id);
gboolean quilt_id_prefix_check (const char *prefix);
/* Makes a random ID (getrandom(2)) of 32 hexadecimal digits. */
char *quilt_id_new (void);
/* The signal that systemd sends to all processes of a container's scope when it stops the scope
 * while quiltd is away. Only the supervisor treats it as a stop. Other processes ignore it by
 * default, and those with a handler (Go's runtime, a reader of urgent data) treat it as noise. */
#define QUILT_SCOPE_KILL_SIGNAL SIGURG

/* "quilt-NAME.scope". name must have passed quilt_container_name_check(), so it contains nothing
 * that a unit name would have to escape (systemd.unit(5)). */
char *quilt_scope_name (const char *container_name);

/* "512", "512k", "64M", "1.5G", "infinity" → bytes (1024-based as podman and systemd). */
gboolean quilt_parse_bytes (const char *text, guint64 *ret_bytes, GError **error);
/* "1.5" CPUs, "150%", "infinity" → µs of CPU time per second. */
gboolean quilt_parse_cpus (const char *text, guint64 *ret_usec, GError **error);
/* A limit with podman's spelling: a size, or "-1" for "infinity". */
gboolean quilt_parse_byte_limit (const char *text, guint64 *ret_bytes, GError **error);
/* 1 to 10000, or "infinity" for the host's default. podman's --cpu-shares (2 to 262144) and
 * --blkio-weight (10 to 1000) are converted to such a weight; 0 means the default. */
gboolean quilt_parse_weight (const char *text, guint64 *ret_weight, GError **error);
gboolean quilt_parse_cpu_shares (const char *text, guint64 *ret_weight, GError **error);
gboolean quilt_parse_blkio_weight (const char *text, guint64 *ret_weight, GError **error);
/* "10" (s), "1.5s", "500ms", "2min", "1h", "infinity" → µs. */
gboolean quilt_parse_duration (const char *text, guint64 *ret_usec, GError **error);
/* "15", "TERM", "SIGTERM", "RTMIN+3", any case → 1..64. */
gboolean quilt_parse_signal (const char *text, int *ret_signal, GError **error);
/* "SIGTERM"; "SIGRTMIN+3". Owned by the caller. */
char *quilt_signal_to_string (int signal);

/* Converts a --setup step to its argv. "npm: typescript eslint" (also pip, gem, apt, apk, dnf)
 * becomes a non-interactive installation by that package manager. Any other step becomes
 * {"/bin/sh", "-c", step}. */
char **quilt_setup_step_argv (const char *step, GError **error);
