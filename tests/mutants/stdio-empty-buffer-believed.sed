# file: lib/libc/tty_raw.c
# row: stdio
# test: raw marked_input
# A buffer of no bytes ends input whose end is marked.
s/(!marks \&\& console->ended)/console->ended/
