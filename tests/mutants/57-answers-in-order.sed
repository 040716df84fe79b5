# file: drivers/virtio/device/block_request.c
# row: 57
# test: block answers_in_any_order
# The oldest request gets each answer.
/^block_answered/,/^}/s/\*r = s->request;/*r = oldest(b);/
