# file: kernel/device_entropy.c
# row: entropy
# test: entropy a_slow_device_is_waited_for
# The first bytes of a slow source are taken for enough.
s/return gathered == KEY_SIZE ? 0 : why;/return gathered > 0 ? 0 : why;/
