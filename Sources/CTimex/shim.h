// SPDX-License-Identifier: Apache-2.0
// The kernel's own word on its clock, adjtimex(2): no part of what Swift's Glibc shows.
#ifndef TRUC_CTIMEX_H
#define TRUC_CTIMEX_H
#include <sys/timex.h>
#endif
