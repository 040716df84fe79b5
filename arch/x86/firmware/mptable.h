/*
 * The interrupt controllers as the MultiProcessor Specification's table names them (1.4), for
 * machines without ACPI.
 */
#ifndef ARCH_X86_FIRMWARE_MPTABLE_H
#define ARCH_X86_FIRMWARE_MPTABLE_H

#include "arch/x86/firmware/madt.h"

/* What the machine's table says, on top of madt_default; that alone if there is none. Only
 * while paging is off. */
void mptable_read(struct madt *out);
/* The same of the `len` bytes of a table, header included. Entries that cannot be are left out;
 * what follows one whose length is not known is too. */
void mptable_parse(const void *table, size_t len, struct madt *out);

#endif
