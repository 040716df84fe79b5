# file: launcher/vcpu/gate.c
# row: launcher
# test: gate the_librarys_base_stays
# The handler gives the guest's fs back while C code runs.
s/^        \*fs = 0;.*/        ;/
