# file: launcher/vcpu/view.c
# row: launcher
# test: view the_wait_doubles
# After some touches of low memory the guest is slow for hours.
s/if (p->wait < WAIT_MAX)/if (p->wait < 1u << 30)/
