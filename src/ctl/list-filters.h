/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* By what list chooses containers, and images images. */
#pragma once

#include "ctl/filter.h"

/* For rows as list prints them with --json. */
extern const QuiltFilter quilt_list_filters[];

/* For rows as images prints them with --json. */
extern const QuiltFilter quilt_image_filters[];

/* Whether one of filters needs what is hidden from those who may not inspect. */
gboolean quilt_list_filters_need_detail (char *const *filters);
