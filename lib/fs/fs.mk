# The file systems in one archive, whose members come along with the C library's functions
# that open or name files (lib/libc/needs). qsort is the C library's.

$(B)/libfs.a: $(call obj,$(wildcard lib/fs/*.c))
$(B)/obj/lib/fs/tar_index.c.o: KERNEL_CFLAGS += -isystem $(MUSL)/include
$(B)/obj/lib/fs/tar_index.c.o: $(MUSL)/.built

OURS += $(B)/libfs.a
