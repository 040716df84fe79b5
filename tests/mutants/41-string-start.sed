# file: arch/x86/firmware/aml_device.c
# row: 41
# test: aml incomplete_devices
# An id that begins like the wanted one is taken for it.
s/strlen(hid) + 1;/strlen(hid);/
