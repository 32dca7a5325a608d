// SPDX-License-Identifier: Apache-2.0
// What EdXML needs of zlib: raw inflate and crc32.
#pragma once
#include <zlib.h>
