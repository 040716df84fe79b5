# file: drivers/virtio/core.c
# row: 31
# test: core test_needs_reset_for_ever
# A device may ask for resets for ever.
s/++v->period_resets > RESETS_MAX/++v->period_resets == 0/
