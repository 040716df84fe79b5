# file: drivers/virtio/transport/mmio_find.c
# row: 41
# test: mmio test_acpi
# ACPI is asked even if the command line names devices.
s/    if (!words)$/    if (true)/
