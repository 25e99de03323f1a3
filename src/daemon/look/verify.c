/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VerifyImage: whether a program of an image can run. quilt-look reads the image's files, since
 * they may be hostile. */
#include "daemon/look/verify.h"

#include "base/error.h"
#include "daemon/bus/authority.h"
#include "daemon/bus/dict.h"
#include "daemon/bus/error.h"
#include "daemon/helpers/helper.h"
#include "daemon/images/image.h"
#include "daemon/look/files.h"
#include "spec/options/options.h"

#include <fcntl.h>

/* quilt-look stops earlier by itself. */
#define PATIENCE_SECONDS 15

/* Freed with its call. */
typedef struct {
  QuiltImages *images;
  QuiltImage *image;
  char *program;   /* NULL: the image's own */
  QuiltCall *call; /* NULL until quilt-look runs */
  QuiltHelper *helper;
  guint timer;
} Verification;

static void
verification_free (gpointer data)
{
  Verification *self = data;

  g_clear_handle_id (&self->timer, g_source_remove);
  g_clear_pointer (&self->helper, quilt_helper_free);
  g_object_unref (self->image);
  g_free (self->program);
  g_free (self);
}

/* Frees self. */
static void
fail (Verification *self, QuiltError code, const char *why)
{
  g_autoptr (GError) error = g_error_new (QUILT_ERROR, code, "Failed to verify the image: %s", why);

  quilt_bus_error_return (self->call, error);
}

/* A message without a body: an error. */
static void
on_message (const QuiltMessage *message, gpointer data)
{
  if (message->type == QUILT_MESSAGE_ERROR)
    fail (data, message->code, message->text);
}

/* GVariant reads the result safely, whatever bytes it is. */
static void
on_result (const QuiltMessage *message, GBytes *body, gpointer data)
{
  Verification *self = data;

  if (message->type == QUILT_MESSAGE_VERIFIED)
    quilt_call_return (self->call,
                       g_variant_new_from_bytes (G_VARIANT_TYPE ("(aa{sv}a{sv})"), body, FALSE));
  else
    fail (self, QUILT_ERROR_FAILED, "quilt-look sent an invalid answer");
}

static void
on_closed (gpointer data)
{
  fail (data, QUILT_ERROR_FAILED, "quilt-look ended without an answer");
}

static const QuiltHelperEvents events = {
    .message = on_message, .closed = on_closed, .body = on_result};

static gboolean
on_out_of_patience (gpointer data)
{
  Verification *self = data;

  self->timer = 0;
  quilt_helper_kill (self->helper);
  fail (self, QUILT_ERROR_TIMED_OUT, "reading its files takes too long");
  return G_SOURCE_REMOVE;
}

/* The strings of quilt-look's request. */
static GPtrArray *
new_request (const Verification *self)
{
  const QuiltImageConfig *config = &quilt_image_get_record (self->image)->config;
  const char *directory = config->working_directory;
  GPtrArray *request = g_ptr_array_new ();

  g_ptr_array_add (request, self->program);
  g_ptr_array_add (request, (char *)(directory ? directory : ""));
  for (char **entry = config->env; entry && *entry; entry++)
    g_ptr_array_add (request, *entry);
  g_ptr_array_add (request, NULL);
  return request;
}

static gboolean
begin (Verification *self, GError **error)
{
  const QuiltPrograms *programs = quilt_images_get_programs (self->images);
  const char *const *layers = quilt_image_get_layers (self->image);
  g_autofree char *program = g_build_filename (programs->path, "quilt-look", NULL);
  g_autofree char *n_layers = g_strdup_printf ("%u", g_strv_length ((char **)layers));
  const char *const argv[] = {program, "verify", n_layers, NULL};
  g_autoptr (GPtrArray) request = new_request (self);
  g_autoptr (GArray) files = quilt_look_files_new ();

  if (!quilt_look_files_add_list (files, (const char *const *)request->pdata, error))
    return FALSE;
  for (; *layers; layers++)
    if (!quilt_look_files_add_directory (files, AT_FDCWD, *layers, error))
      return FALSE;
  self->helper = quilt_helper_spawn (programs->fd, argv, (const int *)(gpointer)files->data,
                                     files->len, &events, self, error);
  return self->helper != NULL;
}

/* Chooses what a container of the image would execute. */
static gboolean
choose_program (Verification *self, GError **error)
{
  const QuiltImageConfig *config = &quilt_image_get_record (self->image)->config;
  char **command = config->entrypoint && *config->entrypoint ? config->entrypoint : config->cmd;

  if (!self->program)
    self->program = g_strdup (command ? *command : NULL);
  if (self->program && *self->program)
    return TRUE;
  g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                       "The image has no command of its own: name a program");
  return FALSE;
}

static void
authorized (QuiltCall *call, gpointer data)
{
  Verification *self = data;
  g_autoptr (GError) error = NULL;

  if (quilt_image_is_being_removed (self->image) ||
      quilt_images_get (self->images, quilt_image_get_digest (self->image)) != self->image)
    g_set_error_literal (&error, QUILT_ERROR, QUILT_ERROR_NOT_FOUND, "The image was removed");
  if (error || !choose_program (self, &error) || !begin (self, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  self->call = call;
  self->timer = g_timeout_add_seconds (PATIENCE_SECONDS, on_out_of_patience, self);
}

/* Returns FALSE if the command is invalid. *ret_program is NULL if it is empty. */
static gboolean
read_command (GVariant *command, char **ret_program, GError **error)
{
  g_auto (GStrv) words = quilt_variant_dup_bytestrings (command);

  if (!words || (*words && !**words)) {
    g_set_error_literal (error, QUILT_ERROR, QUILT_ERROR_INVALID_ARGUMENT,
                         "The command must begin with the name of a program, and have no NUL "
                         "bytes");
    return FALSE;
  }
  *ret_program = g_strdup (*words);
  return TRUE;
}

void
quilt_verify_image (
    QuiltImages *images, QuiltCall *call, const char *name, GVariant *command, GVariant *options)
{
  g_autoptr (GPtrArray) details = g_ptr_array_new_with_free_func ((GDestroyNotify)g_variant_unref);
  g_autoptr (GError) error = NULL;
  QuiltImage *image = quilt_images_find (images, name, &error);
  g_autofree char *program = NULL;
  g_auto (GStrv) names = NULL;
  Verification *self;

  if (!image || !quilt_image_check_base (image, name, &error) ||
      !quilt_dict_read (options, NULL, 0, &error) || !read_command (command, &program, &error)) {
    quilt_bus_error_return (call, error);
    return;
  }
  self = g_new0 (Verification, 1);
  self->images = images;
  self->image = g_object_ref (image);
  self->program = g_steal_pointer (&program);
  quilt_call_attach (call, "quilt-verification", self, verification_free);
  names = quilt_image_get_rule_names (image, name);
  quilt_authority_add_image_details (details, "verify", NULL, names, quilt_image_get_digest (image),
                                     NULL);
  quilt_authority_require (quilt_images_get_authority (images), call, QUILT_ACTION_INSPECT, details,
                           authorized, self);
}
