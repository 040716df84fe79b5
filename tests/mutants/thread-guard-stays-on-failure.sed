# file: kernel/thread.c
# row: threads
# test: thread is_not_made_without_memory
# The guard page of a thread that was not made still faults.
/^thread_create(/,/^}/s/if (!error)/if (false)/
