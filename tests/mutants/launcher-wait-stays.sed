# file: launcher/vcpu/view.c
# row: launcher
# test: view the_wait_doubles
# A guest that lives in low memory faults every few exits.
s/p->wait \*= 2/p->wait *= 1/
