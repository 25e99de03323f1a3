/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of all containers, and the objects that containers share. */
#pragma once

#include "daemon/bus/hub.h"
#include "daemon/containers/run-dir.h"
#include "daemon/containers/setups.h"
#include "daemon/containers/warm.h"
#include "daemon/helpers/filters.h"
#include "daemon/helpers/programs.h"
#include "daemon/helpers/spare.h"
#include "daemon/host/defaults.h"
#include "daemon/host/id-ranges.h"
#include "daemon/host/journal-budget.h"
#include "daemon/images/images.h"
#include "store/store.h"
#include "systemd/systemd.h"

typedef struct QuiltContainers QuiltContainers;
typedef struct _QuiltContainer QuiltContainer; /* daemon/containers/container.h */

/* The objects that containers share. The pointers stay the same for the life of the
 * QuiltContainers. */
typedef struct {
  QuiltHub *hub;
  QuiltImages *images;
  QuiltStore *store;
  QuiltSystemd *systemd;
  const QuiltPrograms *programs;
  QuiltRunDirs *run_dirs;
  QuiltIdRanges *id_ranges;
  QuiltFilters *filters;
  QuiltSpare *spare;
  const QuiltMethodHandler *methods; /* of containers */
  QuiltWarm *warm;
  QuiltSetups *setups;
  QuiltJournalBudget *journal_budget; /* NULL until the first quilt_containers_configure() */
  QuiltDefaults defaults;             /* as last configured */
} QuiltContainersParts;

/* Borrows hub, images, systemd, programs and methods, the handlers of org.quilt.Container. */
QuiltContainers *quilt_containers_new (QuiltHub *hub,
                                       QuiltImages *images,
                                       QuiltStore *store,
                                       QuiltSystemd *systemd,
                                       const QuiltPrograms *programs,
                                       const QuiltMethodHandler *methods,
                                       const char *run_dir,
                                       const char *cache_dir,
                                       GError **error);
void quilt_containers_free (QuiltContainers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (QuiltContainers, quilt_containers_free)

/* Called once before the first container, and again after a change, which applies to what begins
 * from then on. */
gboolean quilt_containers_configure (QuiltContainers *self,
                                     const QuiltDefaults *defaults,
                                     const QuiltJournalShare *share,
                                     guint warm_starts,
                                     GError **error);

/* Borrowed. */
const QuiltContainersParts *quilt_containers_parts (const QuiltContainers *self);

/* Finds a container by name, ID or unique prefix of the ID. Borrowed; NULL with NOT_FOUND or
 * AMBIGUOUS. */
QuiltContainer *
quilt_containers_find (const QuiltContainers *self, const char *text, GError **error);
/* Finds a container by its whole ID. Borrowed; NULL if there is none. */
QuiltContainer *quilt_containers_get (const QuiltContainers *self, const char *id);
/* All containers, ordered by ID. Free the array with g_ptr_array_unref(); the containers are
 * borrowed. */
GPtrArray *quilt_containers_list (const QuiltContainers *self);
guint quilt_containers_size (const QuiltContainers *self);

/* Reserves *name for a new container. If *name is NULL, invents a name. If the container is not
 * made, the caller releases the name. EXISTS if the name is taken. A prepared start gives its name
 * up. */
gboolean quilt_containers_reserve_name (QuiltContainers *self, char **name, GError **error);
/* As with *name NULL, for a container with these options that will be started at once: if a start
 * is prepared for it, *name is the name of that. */
void quilt_containers_draw_name (QuiltContainers *self, QuiltOptions *options);
void quilt_containers_release_name (QuiltContainers *self, const char *name);

/* Keeps a reference to container. Its name must be reserved or free. */
void quilt_containers_add (QuiltContainers *self,
                           const char *id,
                           const char *name,
                           QuiltContainer *container);
/* new_name must be reserved. */
void quilt_containers_rename (QuiltContainers *self,
                              QuiltContainer *container,
                              const char *old_name,
                              const char *new_name);
void quilt_containers_remove (QuiltContainers *self, const char *id, const char *name);

/* Keeps a reference to a container that was removed while its supervisor exits, until
 * quilt_containers_drop_leaving(). Meanwhile no other run can have its scope. */
void
quilt_containers_keep_leaving (QuiltContainers *self, QuiltContainer *container, const char *scope);
void quilt_containers_drop_leaving (QuiltContainers *self, QuiltContainer *container);
/* Finds such a container by the scope of its run. Borrowed; NULL if there is none. */
QuiltContainer *quilt_containers_find_leaving (const QuiltContainers *self, const char *scope);

/* Remembers the end of a container that is removed, for callers that ask shortly after. */
void quilt_containers_remember_end (QuiltContainers *self,
                                    const char *id,
                                    int exit_code,
                                    const char *reason);
/* Finds that end by the whole ID. *ret_reason is borrowed until the next removal. */
gboolean quilt_containers_recall_end (const QuiltContainers *self,
                                      const char *id,
                                      int *ret_exit_code,
                                      const char **ret_reason);
