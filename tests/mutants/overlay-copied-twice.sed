# file: lib/fs/overlay.c
# row: tmpfs
# test: overlay over_an_archive
# The later of two copies hides what was written to the first.
s/^    if (error || !node->lower) {/    if (error) {/
