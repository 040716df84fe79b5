# file: drivers/virtio/ring/queue.c
# row: 61
# test: ring test_areas
# A ring's pages keep what was in them.
s/char \*base = pages_alloc(pages);/&\n    if (base)\n        __builtin_memset(base, 0x5a, pages << PAGE_SHIFT);/
