/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The first line of a script, as the kernel and env(1) read it. Pure. execve(2), "Interpreter
 * scripts". */
#pragma once

#include <glib.h>

/* BINPRM_BUF_SIZE of the kernel, which reads no more of a script's first line. */
#define QUILT_SCRIPT_LINE 256

typedef struct {
  char *interpreter;
  char *argument; /* the rest of the line, one argument; NULL: none */
} QuiltScript;

void quilt_script_clear (QuiltScript *script);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltScript, quilt_script_clear)

typedef enum {
  QUILT_SCRIPT_NOT, /* no script */
  QUILT_SCRIPT_BAD, /* the kernel refuses the line */
  QUILT_SCRIPT_READ,
} QuiltScriptResult;

/* bytes are the first of the file, at most QUILT_SCRIPT_LINE. Sets *ret_script if the result is
 * READ. */
QuiltScriptResult quilt_script_parse (const char *bytes, gsize length, QuiltScript *ret_script);

typedef struct {
  char *program;   /* NULL: none is named, so env executes the script itself again */
  char *path;      /* the PATH that env sets; NULL: it stays as it was */
  gboolean splits; /* -S: the argument was split into words */
} QuiltScriptEnv;

void quilt_script_env_clear (QuiltScriptEnv *env);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (QuiltScriptEnv, quilt_script_env_clear)

/* Reads the only argument of env(1), or NULL. Returns FALSE if that is not understood, and leaves
 * *ret_env untouched. */
gboolean quilt_script_parse_env (const char *argument, QuiltScriptEnv *ret_env);
