# file: arch/x86/firmware/aml_device.c
# row: 41
# test: aml overlong_resource
# A resource may be longer than its buffer.
/if (size > r.end - r.at)/,+1d
