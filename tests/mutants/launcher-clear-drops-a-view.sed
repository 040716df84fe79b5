# file: launcher/vcpu/memory.c
# row: launcher
# test: view cleared_in_both
# Shared memory stays what it was when its pages are dropped from one view.
s/MADV_REMOVE/MADV_DONTNEED/
