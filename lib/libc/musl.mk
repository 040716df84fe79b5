# The C library in two archives: musl as it comes, compiled once by tools/build-musl for all
# applications, with the references of lib/libc/needs added and the names of lib/libc/lent; and the
# system calls that it makes, which are the sources of this folder.

MUSL_SRC := $(DEPS)/musl-1.2.3
MUSL_CFLAGS := -O2 $(MACHINE)
MUSL_IDENTITY := $(shell $(CC) --version | head -n 1) $(MUSL_CFLAGS)

# Built by another compiler or with other flags is not built.
ifneq ($(MUSL_IDENTITY),$(shell cat $(MUSL)/.built 2>/dev/null))
$(MUSL)/.built: rebuild-musl
endif
.PHONY: rebuild-musl
$(MUSL)/.built: tools/build-musl
	@CC="$(CC)" AR="$(AR)" RANLIB="$(CROSS_COMPILE)ranlib" MUSL_CFLAGS="$(MUSL_CFLAGS)" \
	    tools/build-musl $(MUSL_SRC) $(MUSL) "$(MUSL_IDENTITY)"

$(SDK_LIB)/libc.a: $(MUSL)/.built lib/libc/needs lib/libc/lent lib/libc/int80 tools/attach-needs tools/check-int80
	@OBJDUMP="$(OBJDUMP)" tools/check-int80 lib/libc/int80 $(MUSL)/lib/libc.a
	$(Q)AR="$(AR)" LD="$(LD)" OBJCOPY="$(OBJCOPY)" tools/attach-needs lib/libc/needs lib/libc/lent \
	    $(MUSL)/lib/libc.a $@

$(B)/libsyscall.a: $(call obj,$(wildcard lib/libc/*.[cS]))
OURS += $(B)/libsyscall.a

# An application's objects as a program for 32-bit Linux, with musl's own start file: what
# tests/system/test_semantics.py and tests/bench/strings.py compare an image with.
$(SDK_LIB)/native/crt1.o: $(MUSL)/.built
	@mkdir -p $(@D)
	$(Q)$(CC) $(MUSL_CFLAGS) -std=c99 -nostdinc $(addprefix -I$(MUSL_SRC)/,arch/i386 arch/generic \
	    src/internal src/include) -isystem $(MUSL)/include -c -o $@ $(MUSL_SRC)/crt/crt1.c

NATIVE := semantics strings pace
$(NATIVE:%=$(B)/native/%): $(B)/native/%: $(B)/%.elf FORCE
	$(BUILD_FOLDER) IMAGE=$(B)/obj/$(call app_folder,$*)/$*.elf NATIVE=$@
