# row: entropy

# name: entropy-key-not-whole
# file: kernel/device_entropy.c
# test: entropy a_slow_device_is_waited_for
# The first bytes of a slow source are taken for enough.
s/return gathered == KEY_SIZE ? 0 : why;/return gathered > 0 ? 0 : why;/

# name: entropy-key-stays
# file: kernel/device_entropy.c
# test: entropy no_two_answers_agree
# The key stays what it was after an answer.
/memcpy(key, next, KEY_SIZE);/d

# name: entropy-nobody-collects
# file: kernel/device_entropy.c
# test: entropy a_slow_device_is_waited_for
# What has come is not looked at before the next reader comes, which does not wait for more.
/^entropy_read/,/^}/s/while (/if (/
