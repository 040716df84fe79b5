# file: drivers/virtio/device/console.c
# row: 31
# test: console a_reset_keeps_input_and_posts_the_rest_again
# A buffer that holds unread input is given away at a reset.
/^vcon_probe/,/^}/s/if (!c->in_buffers\[i\].held)//
