# file: launcher/vcpu/paging.c
# row: launcher
# test: launcher_paging the_far_view_follows
# A guest that touches low memory is protected from nothing.
s/^    far = true;/    far = false;/
