# file: kernel/thread.c
# row: threads
# test: thread follows_the_thread_in_the_window
# A switch leaves the thread pointer as it was.
/^schedule/,/^}/s/load_tls(current->tls);//
