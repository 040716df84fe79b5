# row: 41

# name: 41-acpi-as-well
# file: drivers/virtio/transport/mmio_find.c
# test: mmio test_acpi
# ACPI is asked even if the command line names devices.
s/    if (!words)$/    if (true)/

# name: 41-first-table-only
# file: drivers/virtio/transport/mmio_find.c
# test: mmio test_tables
# Devices are looked for in the DSDT only.
s/while ((aml = acpi_aml/if ((aml = acpi_aml/

# name: 41-id-not-a-number
# file: drivers/virtio/transport/mmio_find.c
# test: mmio test_words
# What follows the interrupt is not looked at.
s/if (take_char(&text, ':') && take_number(&text, "", UINT32_MAX, &id))/if (false \&\& take_number(\&text, "", 0, \&id))/

# name: 41-nested
# file: arch/x86/firmware/aml_device.c
# test: aml nested_devices
# A bus takes the first of its devices for itself.
/if (find_device(body, &inner))/,+1d

# name: 41-package-length
# file: arch/x86/firmware/aml_device.c
# test: aml broken_tables
# A package may be longer than what it is in.
s/length <= more || length > p->end - p->at/length <= more/

# name: 41-resource-length
# file: arch/x86/firmware/aml_device.c
# test: aml overlong_resource
# A resource may be longer than its buffer.
/if (size > r.end - r.at)/,+1d

# name: 41-secondary-tables
# file: arch/x86/firmware/acpi.c
# test: acpi secondary_tables_follow
# One damaged table of AML code hides those behind it.
s/            continue;/            return NULL;/

# name: 41-string-start
# file: arch/x86/firmware/aml_device.c
# test: aml incomplete_devices
# An id that begins like the wanted one is taken for it.
s/strlen(hid) + 1;/strlen(hid);/

# name: 41-twice
# file: drivers/virtio/transport/mmio_find.c
# test: mmio test_named_twice
# A device that is named twice is driven twice.
s/    if (known(where)) {/    if (false) {/
s/^known(const/__attribute__((unused)) known(const/

# name: 41-unit
# file: drivers/virtio/transport/mmio_find.c
# test: mmio test_words
# Sizes with a unit are not understood.
s/take_unit(&text);/0;/
s/^take_unit(/__attribute__((unused)) take_unit(/

# name: 41-window
# file: drivers/virtio/transport/mmio_find.c
# test: mmio test_windows
# A window too small for the registers is taken.
s/p->size <= VIRTIO_MMIO_CONFIG || //
