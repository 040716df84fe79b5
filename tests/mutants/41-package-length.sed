# file: arch/x86/firmware/aml_device.c
# row: 41
# test: aml broken_tables
# A package may be longer than what it is in.
s/length <= more || length > p->end - p->at/length <= more/
