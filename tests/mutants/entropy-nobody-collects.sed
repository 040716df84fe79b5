# file: kernel/device_entropy.c
# row: entropy
# test: entropy a_slow_device_is_waited_for
# What has come is not looked at before the next reader comes, which does not wait for more.
/^entropy_read/,/^}/s/while (/if (/
