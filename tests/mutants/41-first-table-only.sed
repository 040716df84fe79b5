# file: drivers/virtio/transport/mmio_find.c
# row: 41
# test: mmio test_tables
# Devices are looked for in the DSDT only.
s/while ((aml = acpi_aml/if ((aml = acpi_aml/
