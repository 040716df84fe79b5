# file: arch/x86/firmware/acpi.c
# row: 41
# test: acpi secondary_tables_follow
# One damaged table of AML code hides those behind it.
s/            continue;/            return NULL;/
