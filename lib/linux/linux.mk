# Programs of Linux as they are, in an archive of its own: only the image apps/linux refers to it. Since
# nobody knows what such a program calls, all parts of lib/libc/needs come along.

$(B)/obj/lib/linux/parts.c: lib/libc/needs
	@mkdir -p $(@D)
	$(Q)sed -n 's/^\([a-z]*\):.*/\1/p' $< | awk '{ all = all " P(" $$1 ")" } END { \
	    print "#define P(n) extern const char libc_needs_##n[];"; print all; print "#undef P"; \
	    print "#define P(n) libc_needs_##n,"; \
	    print "const void *const libc_needs_linux_parts[] = {" all " 0};" }' >$@
$(B)/obj/lib/linux/parts.c.o: $(B)/obj/lib/linux/parts.c
	$(Q)$(CC) $(KERNEL_CFLAGS) -c -o $@ $<

$(B)/liblinux.a: $(call obj,$(wildcard lib/linux/*.[cS]) lib/linux/parts.c)
OURS += $(B)/liblinux.a
