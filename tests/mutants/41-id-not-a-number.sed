# file: drivers/virtio/transport/mmio_find.c
# row: 41
# test: mmio test_words
# What follows the interrupt is not looked at.
s/if (take_char(&text, ':') && take_number(&text, "", UINT32_MAX, &id))/if (false \&\& take_number(\&text, "", 0, \&id))/
