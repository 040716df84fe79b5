# file: kernel/device_entropy.c
# row: entropy
# test: entropy no_two_answers_agree
# The key stays what it was after an answer.
/memcpy(key, next, KEY_SIZE);/d
