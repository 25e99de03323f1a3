/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The filters of `list` and `images`. */
#pragma once

#include "ctl/filter.h"

/* For rows as `list --json` prints them. */
extern const QuiltFilter quilt_list_filters[];

/* For rows as `images --json` prints them. */
extern const QuiltFilter quilt_image_filters[];

/* Whether one of filters needs properties that only callers who may inspect can see. */
gboolean quilt_list_filters_need_detail (char *const *filters);
