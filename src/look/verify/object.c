/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program or library that was read: what its loader needs of it. */
#include "look/verify/object.h"

#include "look/verify/root.h"

#include <elf.h>
#include <string.h>

/* The longest name, such as a long DT_RUNPATH. */
#define NAME_SIZE_MAX 65536

static void
keep_once (char **place, const char *name)
{
  if (!*place)
    *place = g_strdup (name);
}

static void
on_name (gpointer data, QuiltElfName kind, const char *name)
{
  QuiltObject *self = data;

  self->names_size += strlen (name) + 1;
  if (self->names_size > QUILT_OBJECT_NAMES_MAX) {
    self->elf.cut = TRUE;
    return;
  }
  switch (kind) {
  case QUILT_ELF_NEEDED:
    if (*name)
      g_ptr_array_add (self->needed, g_strdup (name));
    break;
  case QUILT_ELF_SONAME:
    keep_once (&self->soname, name);
    break;
  case QUILT_ELF_RPATH:
    keep_once (&self->rpath, name);
    break;
  case QUILT_ELF_RUNPATH:
    keep_once (&self->runpath, name);
    break;
  }
}

QuiltObject *
quilt_object_read (int fd, const char *path, const QuiltObject *parent)
{
  g_autoptr (QuiltObject) self = g_new0 (QuiltObject, 1);
  g_autofree char *buffer = g_malloc (NAME_SIZE_MAX);
  const QuiltElfVisitor visitor = {on_name, self, buffer, NAME_SIZE_MAX, QUILT_OBJECT_ENTRIES_MAX};

  self->path = g_strdup (path);
  self->parent = parent;
  self->needed = g_ptr_array_new_with_free_func (g_free);
  if (!quilt_elf_visit (quilt_root_read_at, GINT_TO_POINTER (fd), &visitor, &self->elf))
    return NULL;
  return g_steal_pointer (&self);
}

void
quilt_object_free (QuiltObject *self)
{
  g_free (self->path);
  g_ptr_array_unref (self->needed);
  g_free (self->soname);
  g_free (self->rpath);
  g_free (self->runpath);
  g_free (self);
}

gboolean
quilt_object_is_whole (const QuiltObject *self)
{
  return self->elf.native && !self->elf.damaged &&
         (self->elf.type == ET_EXEC || self->elf.type == ET_DYN);
}
