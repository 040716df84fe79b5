# file: lib/libc/tty_raw.c
# row: stdio
# test: raw marks
# A mark that two pieces share is none.
s/    size_t left = 0;/    size_t left = 0; *marked = false;/
