# ext2 and ext4 in two archives: libext2fs of e2fsprogs, as it comes, and what makes a file system of
# Ringlet's of it. Nobody refers to either but a program that is linked with -lringlet-ext (sdk/ld.in).
# Left out of libext2fs is what makes file systems, what talks to a host's devices, and bits for debugging.

E2FS := $(DEPS)/e2fsprogs-1.47.0/lib/ext2fs
E2FS_SRC := alloc.c alloc_sb.c alloc_stats.c alloc_tables.c badblocks.c bitmaps.c bitops.c blkmap64_ba.c \
    blkmap64_rb.c blknum.c block.c bmap.c check_desc.c closefs.c crc16.c crc32c.c csum.c dblist.c \
    dir_iterate.c dirblock.c dirhash.c expanddir.c ext_attr.c extent.c fallocate.c fileio.c freefs.c gen_bitmap.c \
    gen_bitmap64.c get_num_dirs.c hashmap.c i_block.c ind_block.c inline.c inline_data.c inode.c \
    io_manager.c link.c lookup.c mkdir.c mmp.c native.c newdir.c nls_utf8.c openfs.c orphan.c punch.c \
    rbtree.c read_bb.c rw_bitmaps.c sha512.c swapfs.c symlink.c unlink.c valid_blk.c
E2FS_OBJ := $(E2FS_SRC:%.c=$(B)/obj/e2fs/%.o)
EXT_OBJ := $(call obj,$(wildcard lib/ext/*.c))
EXT_ERRORS := $(B)/obj/e2fs/include/ext2fs/ext2_err.h

EXT_CPPFLAGS := -nostdinc -isystem $(GCC_INCLUDE) -isystem $(MUSL)/include -include lib/ext/port/config.h \
    -Ilib/ext/port -I$(B)/obj/e2fs/include -isystem $(E2FS)/..

# Errors are numbers one after the other (its own script makes the header with a shell and awk).
$(EXT_ERRORS): | $(E2FS)/ext2fs.h
	@mkdir -p $(@D)
	$(Q)awk '/^ec/ { sub(",.*", "", $$2); printf "#define %s (%dL)\n", $$2, 2133571328 + n++ }' \
	    $(E2FS)/ext2_err.et.in > $@
$(E2FS)/ext2fs.h:
	tools/setup
# The table of its checksum is made by a program.
$(B)/obj/e2fs/include/crc32c_table.h: $(E2FS)/gen_crc32ctable.c
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -include stdint.h -Du32=uint32_t -w -o $(@D)/table $< && $(@D)/table > $@
$(E2FS)/gen_crc32ctable.c: | $(E2FS)/ext2fs.h ;
$(B)/obj/e2fs/crc32c.o: $(B)/obj/e2fs/include/crc32c_table.h
$(EXT_OBJ) $(E2FS_OBJ): $(EXT_ERRORS) $(MUSL)/.built
$(EXT_OBJ): KERNEL_CFLAGS += $(EXT_CPPFLAGS)

# Its own warnings are not ours to mend.
$(B)/obj/e2fs/%.o: $(E2FS)/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(EXT_CPPFLAGS) -I$(E2FS) -w -Os -c -o $@ $<
$(E2FS_SRC:%=$(E2FS)/%): | $(E2FS)/ext2fs.h ;

$(B)/libext.a: $(EXT_OBJ)
$(B)/libe2fs.a: $(E2FS_OBJ)
OURS += $(B)/libext.a $(B)/libe2fs.a
