# file: arch/x86/firmware/aml_device.c
# row: 41
# test: aml nested_devices
# A bus takes the first of its devices for itself.
/if (find_device(body, &inner))/,+1d
