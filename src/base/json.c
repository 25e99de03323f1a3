/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON that a stranger may have written: bounded, strict, and read by tables. */
#include "base/json.h"
