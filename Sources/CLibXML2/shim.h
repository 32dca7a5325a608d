// SPDX-License-Identifier: Apache-2.0
// What EdXML needs of libxml2.
#pragma once
// Debian builds libxml2 with ICU; its headers would then declare UErrorCode a second time beside Foundation's own.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
// The tests hold the canonical forms to libxml2's own.
#include <libxml/c14n.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>
#include <libxml/SAX2.h>
