# file: lib/fs/overlay.c
# row: tmpfs
# test: overlay over_an_archive
# A disk that fails leaves a file of zeroes.
s/^        long n = error ? error : tmp_data_write/        long n = tmp_data_write/
