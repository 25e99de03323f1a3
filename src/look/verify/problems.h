/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The problems that keep a program of an image from running, in words with advice. */
#pragma once

#include <glib.h>

/* problems.c has a name for each, which is part of the interface on the bus. */
typedef enum {
  /* Errors: the program can't run. */
  QUILT_PROBLEM_NOT_FOUND,
  QUILT_PROBLEM_DANGLING_LINK, /* detail: the missing target */
  QUILT_PROBLEM_IS_DIRECTORY,
  QUILT_PROBLEM_NOT_EXECUTABLE,
  QUILT_PROBLEM_NOT_A_PROGRAM,
  QUILT_PROBLEM_WRONG_MACHINE, /* detail: the machine */
  QUILT_PROBLEM_DAMAGED,
  QUILT_PROBLEM_MISSING_LOADER,
  QUILT_PROBLEM_BAD_LOADER,
  QUILT_PROBLEM_MISSING_LIBRARY,
  QUILT_PROBLEM_UNCACHED_LIBRARY,      /* detail: where it is */
  QUILT_PROBLEM_OTHER_MACHINE_LIBRARY, /* detail: where it is */
  QUILT_PROBLEM_BAD_LIBRARY,
  QUILT_PROBLEM_MISSING_INTERPRETER,
  QUILT_PROBLEM_LINE_ENDING,
  QUILT_PROBLEM_BAD_INTERPRETER_LINE,
  QUILT_PROBLEM_UNSPLIT_INTERPRETER,
  QUILT_PROBLEM_TOO_MANY_INTERPRETERS,
  QUILT_PROBLEM_TOO_LARGE,
  /* Warnings: it may run without. */
  QUILT_PROBLEM_UNCHECKED_MACHINE, /* detail: the machine */
  QUILT_PROBLEM_UNCHECKED_LOADER,  /* detail: the library that was not found */
  QUILT_PROBLEM_UNCHECKED_INTERPRETER,
  QUILT_PROBLEM_NO_SHELL,
  QUILT_PROBLEM_NO_PASSWD,
  QUILT_PROBLEM_NO_CERTIFICATES,
  QUILT_PROBLEM_NO_TIME_ZONES,
  QUILT_N_PROBLEMS,
} QuiltProblemKind;

typedef struct QuiltProblems QuiltProblems;

QuiltProblems *quilt_problems_new (void);
void quilt_problems_free (QuiltProblems *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltProblems, quilt_problems_free)

/* Adds a problem with the file or library path. needed_by: the file that needs it; "" for the
 * command itself. detail: as the kind says; may be NULL. Problems beyond 100 are only counted. */
void quilt_problems_add (QuiltProblems *self,
                         QuiltProblemKind kind,
                         const char *path,
                         const char *needed_by,
                         const char *detail);

/* Moves all problems of other to the end of self. */
void quilt_problems_take (QuiltProblems *self, QuiltProblems *other);

/* Whether there is a problem that is an error. */
gboolean quilt_problems_has_error (const QuiltProblems *self);

/* Returns the problems as aa{sv}, floating; dbus/org.quilt.xml has the keys. */
GVariant *quilt_problems_to_rows (const QuiltProblems *self);

/* The number of problems that are not among the rows. */
guint64 quilt_problems_left_out (const QuiltProblems *self);
