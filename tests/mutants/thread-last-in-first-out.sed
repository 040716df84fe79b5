# file: kernel/thread.c
# row: threads
# test: thread in_the_order_of_becoming_ready
# Who became ready last runs first.
/^make_ready/,/^}/s/list_append(&ready,/list_insert_before(ready.next,/
