# The kit that programs are built with, laid out in $(SDK) as `make install` puts it elsewhere:
# ringlet-cc and other commands in bin, in lib/ringlet what they rely on. They find it from where they
# lie, so the kit may be moved. Applications of this tree are built with it, too.

VERSION := 0.1
SDK := $(B)/sdk
SDK_LIB := $(SDK)/lib/ringlet
SDK_CC := $(SDK)/bin/ringlet-cc
# Libraries that a C library of today has inside, for those who ask for them by name.
EMPTY := m pthread rt dl util crypt resolv xnet

# ---- our archives, with names that no program has ----

$(B)/names.stamp: $(OURS) sdk/names
	@mkdir -p $(SDK_LIB)
	$(Q)NM=$(NM) sdk/names $(B)/names $(SDK_LIB)/names.plain $(OURS)
	@touch $@
$(B)/names $(SDK_LIB)/names.plain: $(B)/names.stamp ;

$(OURS:$(B)/%=$(SDK_LIB)/%): $(SDK_LIB)/%: $(B)/% $(B)/names
	$(Q)$(OBJCOPY) --redefine-syms=$(B)/names $< $@

# ---- headers: the C library's, Linux's own as Debian has them, the kernel's ----

KERNEL_HEADERS := $(wildcard kernel/*.h boot/*.h $(addsuffix /*.h,arch/x86/* drivers/virtio drivers/virtio/* \
    include lib/* include/abi))
LINUX_HEADERS := $(addprefix /usr/include/,linux asm-generic mtd) \
    $(firstword $(wildcard /usr/include/$(shell $(HOSTCC) -print-multiarch)/asm /usr/include/asm))

$(B)/headers.stamp: $(KERNEL_HEADERS) $(B)/names sdk/headers
	@mkdir -p $(SDK_LIB)/kernel
	$(Q)sdk/headers $(B)/names $(SDK_LIB)/kernel $(KERNEL_HEADERS)
	@touch $@
$(SDK_LIB)/kernel/.changed: $(B)/headers.stamp ;

$(SDK_LIB)/include/.built: $(MUSL)/.built
	$(Q)rm -rf $(@D) && mkdir -p $(@D) && cp -RL $(MUSL)/include/. $(LINUX_HEADERS) $(@D)
	@touch $@

# ---- the rest ----

$(SDK_LIB)/linker.ld $(SDK_LIB)/linker-cxx.ld: linker.ld
	@mkdir -p $(@D)
	$(Q)$(CC) -E -P -x c $(if $(filter %-cxx.ld,$@),-DCXX) -o $@ $<

# The words in @...@ are what this tree was configured with.
FILL = sed -e 's|@CC@|$(CC)|' -e 's|@CROSS@|$(CROSS_COMPILE)|' -e 's|@MACHINE@|$(MACHINE)|' \
    -e 's|@GCC_INCLUDE@|$(GCC_INCLUDE)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@DRIVER@|$(DRIVER)|' \
    -e 's|@CXX_INCLUDE@|$(CXX_INCLUDE)|'
DRIVER = $(CC)
$(SDK_LIB)/ld: sdk/ld.in Makefile
	@mkdir -p $(@D)
	$(Q)$(FILL) $< >$@ && chmod +x $@
# Where gcc looks for its linker, with -fuse-ld=bfd by the second name; there is nothing else there
# that it could find.
$(SDK_LIB)/link/ld $(SDK_LIB)/link/ld.bfd: $(SDK_LIB)/ld
	@mkdir -p $(@D)
	$(Q)ln -sf ../ld $@
$(SDK)/bin/%: sdk/%.in Makefile
	@mkdir -p $(@D)
	$(Q)$(FILL) $< >$@ && chmod +x $@
$(SDK_LIB)/%: sdk/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(SDK_LIB)/native/libc.a: $(MUSL)/.built
	@mkdir -p $(@D)
	$(Q)cp $(MUSL)/lib/libc.a $@
$(EMPTY:%=$(SDK_LIB)/lib%.a):
	@mkdir -p $(@D)
	$(Q)rm -f $@ && $(AR) rc $@

$(addprefix $(SDK_LIB)/,media elf64 notices): $(SDK_LIB)/%: tools/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(SDK)/bin/lguest $(SDK)/bin/lguest-net: $(SDK)/bin/%: $(B)/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(addprefix $(SDK_LIB)/,ringlet.cmake config.site run.sh.in README.txt.in): $(SDK_LIB)/%: sdk/share/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(SDK)/share/meson/cross/ringlet.ini: sdk/share/ringlet.ini
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(SDK)/share/man/man1/%: sdk/man/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(SDK)/lib/pkgconfig/ringlet.pc: sdk/share/ringlet.pc.in $(firstword $(MAKEFILE_LIST))
	@mkdir -p $(@D)
	$(Q)$(FILL) $< >$@

# Whose code an image holds (tools/notices): the names that each project's archives define and ours do not, and its licence.
LICENCES := $(SDK_LIB)/licences
THEIRS := $(B)/liblwip.a $(B)/libe2fs.a
$(LICENCES)/musl.names: NOTICE_ARCHIVES = $(MUSL)/lib/libc.a
$(LICENCES)/musl.names: $(MUSL)/.built
$(LICENCES)/lwIP.names: NOTICE_ARCHIVES = $(B)/liblwip.a
$(LICENCES)/lwIP.names: $(B)/liblwip.a
$(LICENCES)/libext2fs.names: NOTICE_ARCHIVES = $(B)/libe2fs.a
$(LICENCES)/libext2fs.names: $(B)/libe2fs.a
$(LICENCES)/libgcc.names: NOTICE_ARCHIVES = $(shell $(CC) -m32 -print-libgcc-file-name)
$(LICENCES)/libstdc++.names: NOTICE_ARCHIVES = $(CXX_ARCHIVE)
$(LICENCES)/%.names: $(filter-out $(THEIRS),$(OURS))
	@mkdir -p $(@D)
	$(Q)$(NM) -g --defined-only $(filter-out $(THEIRS),$(OURS)) | awk 'NF == 3 { print $$3 }' | LC_ALL=C sort -u >$@.ours
	$(Q)$(if $(NOTICE_ARCHIVES),$(NM) -g --defined-only $(NOTICE_ARCHIVES),true) 2>/dev/null | awk 'NF == 3 { print $$3 }' | \
	    LC_ALL=C sort -u | LC_ALL=C comm -23 - $@.ours >$@.new
	$(Q)rm $@.ours && mv $@.new $@
$(LICENCES)/Ringlet.txt: LICENSE
$(LICENCES)/musl.txt: $(DEPS)/musl-1.2.3/COPYRIGHT
$(LICENCES)/lwIP.txt: $(DEPS)/lwip-2.1.3/COPYING
$(LICENCES)/libext2fs.txt: $(DEPS)/e2fsprogs-1.47.0/NOTICE
$(addprefix $(LICENCES)/,Ringlet.txt musl.txt lwIP.txt libext2fs.txt):
	@mkdir -p $(@D)
	$(Q)cp $< $@

# ---- C++: gcc's own library as Debian has it, with what it needs on musl (sdk/cxx/glue.c) ----

CXX := $(shell command -v $(CROSS_COMPILE)g++)
CXX_ARCHIVE := $(if $(CXX),$(wildcard $(filter /%,$(shell $(CXX) -m32 -print-file-name=libstdc++.a))))
ifneq ($(CXX_ARCHIVE),)
CXX_FOLDERS := $(shell $(CXX) -m32 -E -v -x c++ /dev/null 2>&1 | \
    sed -n '/^.include </,/^End/s/^ //p' | grep '/c++/')
# It is made anew as well when g++ has come only now.
$(SDK)/bin/ringlet-c++: sdk/ringlet-cc.in Makefile $(SDK_LIB)/libstdc++.a
	@mkdir -p $(@D)
	$(Q)$(FILL) $< >$@ && chmod +x $@
$(SDK)/bin/ringlet-c++: private DRIVER = $(CROSS_COMPILE)g++
$(SDK)/bin/ringlet-c++: private CXX_INCLUDE = -idirafter "$$lib/cxx" $(CXX_FOLDERS:%=-idirafter "%")
$(SDK_LIB)/cxx/%: sdk/cxx/%
	@mkdir -p $(@D)
	$(Q)cp $< $@
$(B)/obj/sdk/cxx/glue.o: sdk/cxx/glue.c $(SDK_CC) $(SDK_LIB)/include/.built $(SDK_LIB)/link/ld
	@mkdir -p $(@D)
	$(Q)$(SDK_CC) -std=gnu11 -O2 -g $(WARN) -D_GNU_SOURCE -c -o $@ $<
$(SDK_LIB)/libstdc++.a: $(CXX_ARCHIVE) sdk/cxx/names $(B)/obj/sdk/cxx/glue.o
	$(Q)$(OBJCOPY) --redefine-syms=sdk/cxx/names $< $@.new && $(AR) qs $@.new $(B)/obj/sdk/cxx/glue.o
	$(Q)mv $@.new $@
SDK_CXX := $(addprefix $(SDK_LIB)/,libstdc++.a cxx/bits/os_defines.h cxx/bits/c++config.h cxx/bits/atomic_timed_wait.h)
endif

# What compiling and linking need, and the whole of it.
SDK_BUILD := $(SDK_CC) $(SDK_LIB)/include/.built $(SDK_LIB)/kernel/.changed $(OURS:$(B)/%=$(SDK_LIB)/%) \
    $(EMPTY:%=$(SDK_LIB)/lib%.a) $(addprefix $(SDK_LIB)/,libc.a linker.ld linker-cxx.ld ld link/ld \
    link/ld.bfd symbols names.plain image.specs native.specs native/crt1.o native/libc.a folder.mk foreign) \
    $(SDK)/bin/ringlet-c++ $(SDK_CXX)
NOTICES_OF_KIT := $(addprefix $(LICENCES)/,Ringlet.txt musl.txt lwIP.txt libext2fs.txt \
    $(addsuffix .names,musl lwIP libext2fs libgcc libstdc++))
SDK_ALL := $(SDK_BUILD) $(NOTICES_OF_KIT) $(addprefix $(SDK)/,bin/ringlet bin/lguest bin/lguest-net \
    lib/pkgconfig/ringlet.pc share/meson/cross/ringlet.ini $(addprefix lib/ringlet/,guest.bash media elf64 \
    notices run.sh.in README.txt.in ringlet.cmake config.site) $(addprefix share/man/man1/,ringlet.1 ringlet-cc.1 lguest.1))
sdk: $(SDK_ALL)

# Folders that are there already keep their modes and owners; another user can read all of it.
PREFIX ?= /usr/local
install: sdk
	$(Q)mkdir -p "$(DESTDIR)$(PREFIX)"
	$(Q)tar -C $(SDK) --mode=u+w,a+rX,go-w --exclude=.built.part -cf - . | \
	    tar -C "$(DESTDIR)$(PREFIX)" --no-same-owner --no-overwrite-dir -pxf -
.PHONY: sdk install
