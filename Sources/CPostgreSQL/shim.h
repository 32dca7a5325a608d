// SPDX-License-Identifier: Apache-2.0
// What Store needs of libpq.
#pragma once
#include <libpq-fe.h>
