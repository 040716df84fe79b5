# row: 57

# name: 57-answers-in-order
# file: drivers/virtio/device/block_request.c
# test: block answers_in_any_order
# The oldest request gets each answer.
/^block_answered/,/^}/s/\*r = s->request;/*r = oldest(b);/

# name: 57-slots-freed
# file: drivers/virtio/device/block_request.c
# test: block_life a_late_answer_hits_memory_that_is_still_there
# A reset frees the memory that a late answer is written to.
1i#include "kernel/memory.h"
/^block_let_go/,/^}/s/if (oldest(b))/while (b->free_slots->next_free)\n        b->free_slots = b->free_slots->next_free;\n    kfree(b->free_slots);\n    b->free_slots = NULL;\n    if (oldest(b))/
