/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A D-Bus method on one or many named objects, with one row for each object. quiltd has charged the
 * caller and checked the number of names before the handler runs, see daemon/bus/admission.h. The
 * handler calls quilt_rows_on_many() or quilt_rows_on_one(), which look each name up, ask polkit
 * about all rows together, begin each row, wait until all are done, and answer. A failed row does
 * not stop the others. If the caller leaves the bus while polkit is asked, nothing begins. If it
 * leaves later, the rows are still done, unless the method gives them up. */
#pragma once

#include "daemon/bus/hub.h"

/* One object of a call. */
typedef struct QuiltRow QuiltRow;

/* A method, as its room describes it. The functions run in this order, in the main thread. */
typedef struct {
  const char *action; /* of polkit */
  gboolean in_turn;   /* each row begins when the row before is done; otherwise all begin at once */
  gboolean waits;     /* changes nothing, so quiltd may exit before answering */

  /* Returns the row's data, which names the object by its ID: when polkit has answered, the name
   * may mean another object. *ret_key identifies the object, usually by that ID; a row with the
   * same key as another row is dropped. On error returns NULL, and the row has failed. */
  gpointer (*find) (const char *name, gpointer data, char **ret_key, GError **error);
  /* Adds the details that polkit gets about the row, see quilt_authority_require(). */
  void (*add_details) (const QuiltRow *row, GPtrArray *details);
  /* Called when polkit has allowed the call. Looks the object up again and begins the work, which
   * ends with quilt_row_done(), now or later. */
  void (*begin) (QuiltRow *row);
  /* Called when the caller has left the bus, for each row that has begun, also if it is done.
   * quilt_row_done() follows if it is not. NULL: the rows go on without the caller. */
  void (*give_up) (QuiltRow *row);
  /* Answers a successful call on one object. NULL: the method returns nothing. */
  void (*answer) (const QuiltRow *row, QuiltCall *call);
  GDestroyNotify free_row; /* releases what find returned */
} QuiltRowsMethod;

/* Each takes over a handler's reference to call and answers it. Each takes data, the call's
 * arguments; free_data (may be NULL) releases it after the answer. method is static, hub is
 * borrowed. */

/* The answer is an array of the names that failed, with their errors, in the order of names. */
void quilt_rows_on_many (QuiltHub *hub,
                         QuiltCall *call,
                         const QuiltRowsMethod *method,
                         const char *const *names,
                         gpointer data,
                         GDestroyNotify free_data);
/* If the row fails, the answer is its error. */
void quilt_rows_on_one (QuiltHub *hub,
                        QuiltCall *call,
                        const QuiltRowsMethod *method,
                        const char *name,
                        gpointer data,
                        GDestroyNotify free_data);

/* The name as the caller wrote it. */
const char *quilt_row_get_name (const QuiltRow *row);
/* The data that find returned. */
gpointer quilt_row_get_data (const QuiltRow *row);
/* The data of the call. */
gpointer quilt_row_get_arguments (const QuiltRow *row);

/* Called once for each row that began. Takes ownership of error; NULL: the row succeeded. The row
 * may be freed by this. */
void quilt_row_done (QuiltRow *row, GError *error);
