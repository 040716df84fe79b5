# row: 61

# name: 61-lguest-ring-not-written
# file: drivers/virtio/transport/lguest.c
# test: lguest test_up
# The rings are left as the host gave them.
s/    memset(area.desc, 0, size);.*//

# name: 61-ring-not-written
# file: drivers/virtio/ring/queue.c
# test: ring test_areas
# A ring's pages keep what was in them.
s/char \*base = pages_alloc(pages);/&\n    if (base)\n        __builtin_memset(base, 0x5a, pages << PAGE_SHIFT);/
