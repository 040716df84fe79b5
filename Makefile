# Ringlet's build. No configure step: `make` builds build/<app>.elf for every folder in apps/,
# with build/<app>.sym (symbols by address), .asm (listing) and .debug (for gdb) beside it.
#
#   make build/httpd.elf     one application       make unit       tests on this machine
#   make kernel              no dependencies       make system     tests in QEMU (FULL=1: all)
#   make launcher            build/lguest          make mutants    do the tests notice bugs?
#   make site                the demo disk         make bench      figures
#   make install             ringlet-cc and its kit, to PREFIX (and DESTDIR)
#   make ports               others' programs, built by ringlet-cc and run
#   make iso, disk           for GRUB and a BIOS   make soak       hours of load
#   make images              each demo in a folder to hand over
#   make build/httpd.elf64   for PVH loaders       make doors      the table of doors (docs),
#   make web                 the page for browsers                 after ./check --full
#   make format, tidy, compile_commands.json       make notices    whose code an image holds
#   make tour                the code in reading order, for an evening
#   make posix               the Open POSIX test suite, for docs/posix.md
#   make clean, distclean    distclean also removes fetched and built third-party code
#   make help                prints this
#
# Variables: CROSS_COMPILE=i686-elf-  WERROR=1  SYMS=0 (no names in panics)  B=folder  V=1 (says
# what it runs: else a build that goes well is silent); for iso and disk APP=shell  TABLE=gpt
# WORDS='ip=dhcp -- ls /'

B ?= build
DEPS := build/deps
V ?= 0
Q := $(if $(filter 0,$(V)),@)
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:

# ---- tools ----

# The first 32-bit x86 compiler that works: a cross compiler, or the machine's own with -m32.
ifndef CROSS_COMPILE
CROSS_COMPILE := $(firstword $(foreach p,i686-elf- i686-linux-gnu-,\
    $(if $(shell command -v $(p)gcc 2>/dev/null),$(p))))
endif
CC := $(CROSS_COMPILE)gcc
AR := $(CROSS_COMPILE)ar
NM := $(CROSS_COMPILE)nm
LD := $(CROSS_COMPILE)ld
OBJCOPY := $(CROSS_COMPILE)objcopy
OBJDUMP := $(CROSS_COMPILE)objdump
READELF := $(CROSS_COMPILE)readelf
HOSTCC ?= gcc
PYTHON := /usr/bin/python3

# ---- flags ----

WARN := -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror)
# One machine for everything in the image. Frame pointers are kept for backtraces. Branch
# targets are not aligned, which makes code a tenth smaller, and objects as the ABI wants it.
MACHINE := -m32 -march=i686 -mtune=generic -fno-pic -fno-pie -fno-stack-protector \
    -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fcf-protection=none \
    -falign-functions=1 -falign-loops=1 -falign-jumps=1 -falign-labels=1 -malign-data=abi \
    -ffunction-sections -fdata-sections
COMMON := -std=gnu11 -O2 -g $(WARN) $(MACHINE) -I. -Iinclude -MMD -MP
# The kernel uses no FPU registers: interrupt handlers need not save any, and its stack needs
# no more alignment than a word.
KERNEL_CFLAGS = $(COMMON) -ffreestanding -mgeneral-regs-only -mpreferred-stack-boundary=2
MUSL := $(DEPS)/musl-i386
GCC_INCLUDE := $(shell $(CC) -m32 -print-file-name=include)

# ---- sources ----

# Drivers of a device class join an image only when something in it uses the class
# (DEVICE_CLASS_USED, kernel/enlist.h); everything else of the kernel is offered whole and
# what nobody reaches is collected.
CLASS_SRC := $(wildcard $(addprefix drivers/virtio/device/,net.c block.c entropy.c))
# The string functions come last of all archives: a program has the C library's own.
STRING_SRC := kernel/string.c
KERNEL_SRC := $(filter-out $(CLASS_SRC) $(STRING_SRC),$(wildcard $(addsuffix /*.[cS],kernel boot arch/x86/* \
    drivers/virtio drivers/virtio/* lib/virtio)))
# What runs once, when an image comes up or goes down, seldom (whole pages) or at the pace of a
# person at the console is compiled for size. -Oz is gcc 12's. Whatever runs before a CPU that is
# too old has been told (boot/boot.c) is among it, and gets by with a 486's instructions.
COLD_SRC := $(wildcard boot/*.c arch/x86/*/*.c drivers/virtio/*.c drivers/virtio/transport/*.c) \
    drivers/virtio/device/console.c \
    $(addprefix kernel/,cmdline.c device_console.c device_entropy.c kmain.c leave.c log.c modules.c pages.c \
        panic.c print.c symbols.c watch.c) \
    $(addprefix lib/libc/,seek.c start.c tty.c tty_input.c tty_line.c) \
    $(addprefix lib/libc/,affinity.c ids.c locks.c memory_more.c prctl.c process.c schedule.c) \
    $(addprefix lib/fs/,change.c mount.c overlay.c place.c proc.c proc_text.c room.c set.c)
APPS := $(notdir $(patsubst %/,%,$(wildcard apps/*/)))
TEST_APPS := $(notdir $(patsubst %/,%,$(wildcard tests/apps/*/)))

obj = $(patsubst %,$(B)/obj/%.o,$(1))

$(call obj,$(COLD_SRC)): KERNEL_CFLAGS += -Oz -march=i486

all: $(APPS:%=$(B)/%.elf)
kernel: $(B)/libkernel.a $(B)/libdrivers.a $(B)/libstring.a
.PHONY: all kernel

# ---- compiling ----

$(B)/obj/%.c.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) -c -o $@ $<

$(B)/obj/%.S.o: %.S
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) -c -o $@ $<

$(B)/libkernel.a: $(call obj,$(KERNEL_SRC))
$(B)/libdrivers.a: $(call obj,$(CLASS_SRC))
$(B)/libstring.a: $(call obj,$(STRING_SRC))
$(B)/lib%.a:
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Each library has a makefile of its own: its objects' flags, its archive, and its place among
# those of ours.
OURS := $(addprefix $(B)/lib,kernel.a drivers.a string.a)
SDK_LIB = $(B)/sdk/lib/ringlet
include lib/fs/fs.mk
include lib/net/lwip.mk
include lib/socket/socket.mk
include lib/ext/ext.mk
include lib/linux/linux.mk
include lib/libc/musl.mk
include sdk/sdk.mk
include launcher/launcher.mk
include web/web.mk

# ---- applications ----

# Each folder of apps and tests/apps is built as any other would be (sdk/folder.mk), which sees
# itself whether there is anything to do; tools/beside makes the image and what lies beside it.
app_folder = $(patsubst %/,%,$(firstword $(wildcard apps/$(1)/ tests/apps/$(1)/)))
BUILD_FOLDER = +$(Q)SYMS=$(SYMS) $(MAKE) -s --no-print-directory -f sdk/folder.mk KIT=$(SDK_LIB) V=$(V) \
    WERROR=$(WERROR) FOLDER=$(call app_folder,$*) WORK=$(B)/obj/$(call app_folder,$*)
$(APPS:%=$(B)/%.elf) $(TEST_APPS:%=$(B)/%.elf): $(B)/%.elf: $(SDK_BUILD) tools/beside FORCE
	$(BUILD_FOLDER) IMAGE=$(B)/obj/$(call app_folder,$*)/$*.elf
	$(Q)CROSS_COMPILE=$(CROSS_COMPILE) tools/beside $(B)/obj/$(call app_folder,$*)/$*.elf $@

# The demo disk: the pages of httpd as a plain tar archive, the same bytes every time.
site: $(B)/site.tar
$(B)/site.tar: $$(shell find apps/httpd/site -type f 2>/dev/null)
	@mkdir -p $(@D)
	$(Q)tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --format=ustar \
	    -C apps/httpd/site -cf $@ .
.PHONY: site

# The disk of apps/linux: Debian's busybox, which tools/setup linux brings.
BUSYBOX = $(wildcard $(DEPS)/busybox-static-*/bin/busybox)
$(B)/linux.tar: $$(BUSYBOX) tools/linux-deps
	@mkdir -p $(@D)
	$(Q)$(if $(BUSYBOX),,echo "busybox is missing: tools/setup linux" >&2; exit 1;) \
	    tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --format=ustar \
	    -C $(DEPS)/$(notdir $(patsubst %/bin/busybox,%,$(firstword $(BUSYBOX)))) -cf $@ ./bin/busybox

# Media that GRUB boots from a BIOS: `make iso APP=shell`, or build/shell.iso; `make disk`
# gives build/shell.img with an MBR, TABLE=gpt one with a GPT. WORDS='ip=10.0.2.15/24 -- ls /'
# is the guest's command line. Made anew each time, since only the words may differ.
APP ?= httpd
TABLE ?= msdos
MEDIA = tools/media $(if $(filter undefined,$(origin WORDS)),,--words '$(subst ','\'',$(WORDS))')
iso: $(B)/$(APP).iso
disk: $(B)/$(APP).img
$(B)/%.iso: $(B)/%.elf $(B)/site.tar FORCE
	$(Q)$(MEDIA) iso $< $@ --module $(B)/site.tar
$(B)/%.img: $(B)/%.elf $(B)/site.tar FORCE
	$(Q)$(MEDIA) $(TABLE) $< $@ --second $(B)/site.tar
# The same bytes for PVH loaders that read ELF64 only.
$(B)/%.elf64: $(B)/%.elf tools/elf64
	$(Q)tools/elf64 $< $@
.PHONY: iso disk FORCE

# ---- tests ----

# Programs for 32-bit Linux as the machine's own C library makes them, which apps/linux runs unchanged.
LINUX_PROGRAMS := $(patsubst tests/linux/%.c,$(B)/linux/%,$(wildcard tests/linux/*.c)) $(B)/linux/words-pie
LINUX_CFLAGS := -std=gnu11 -O2 $(WARN) -m32 -msse2 -pthread
$(B)/linux/%: tests/linux/%.c tests/linux/check.h
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(LINUX_CFLAGS) -static -o $@ $<
$(B)/linux/%-pie: tests/linux/%.c tests/linux/check.h
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(LINUX_CFLAGS) -fPIE -static-pie -o $@ $<
# Where Debian's Go is (tools/setup go). What it compiles of its library stays in the build folder.
$(B)/linux/server: tests/linux/server.go
	@mkdir -p $(@D)
	$(Q)GOCACHE=$(abspath $(B)/go-cache) GOFLAGS= GO111MODULE=off CGO_ENABLED=0 GOOS=linux GOARCH=386 \
	    go build -o $@ $<
linux-programs: $(LINUX_PROGRAMS) $(B)/native/semantics $(if $(shell command -v go 2>/dev/null),$(B)/linux/server)
.PHONY: linux-programs

# A unit program is tests/unit/test_<name>.c with the sources that unit.mk names for it, built
# for this machine (64 bits) with the sanitizers; shims stand in for what lies below. Programs
# share their objects, but one with flags of its own has its own: <source>@<name>.o.
UNIT_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror) \
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
    -Itests/unit/shim -I. -Iinclude -Itests/unit
UNIT_LIBS := -lcmocka -lpthread
include tests/unit/unit.mk
UNIT_PROGRAMS := $(patsubst tests/unit/test_%.c,%,$(wildcard tests/unit/test_*.c))
unit_objects = $(patsubst %.c,$(B)/obj/unit/%$(if $(UNIT_FLAGS_$(1)),@$(1)).o,\
    tests/unit/test_$(1).c $(UNIT_$(1)))

$(B)/obj/unit/%.o: $$(firstword $$(subst @, ,$$*)).c
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) $(UNIT_FLAGS_$(word 2,$(subst @, ,$*))) -MMD -MP -c -o $@ $<

$(UNIT_PROGRAMS:%=$(B)/unit/%): $(B)/unit/%: $$(call unit_objects,$$*)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(UNIT_CFLAGS) $(UNIT_FLAGS_$*) -o $@ $^ $(UNIT_LIBS)

unit: $(UNIT_PROGRAMS:%=$(B)/unit/%)
	@tools/run-unit $^
# WEB=no leaves out the page for browsers; its tests are skipped then.
SYSTEM_PARTS := all sdk $(TEST_APPS:%=$(B)/%.elf) linux-programs site $(if $(filter no,$(WEB)),,web)
system-parts: $(SYSTEM_PARTS)
system: $(SYSTEM_PARTS)
	@FULL=$(FULL) BUILD=$(B) $(PYTHON) -m pytest -q -p no:cacheprovider tests/system
# The table of docs/doors.md, from what the last whole run of the system tests counted.
doors:
	@BUILD=$(B) tools/doors --write
checklist:
	@tools/checklist
# Programs of others, built by ringlet-cc and run; PORTS="lua zlib" for some. Of all of them docs/ports.md is written.
ports: sdk
	@tools/setup ports
	@BUILD=$(B) tools/ports $(if $(PORTS),$(PORTS),--write)
mutants: checklist
	@tools/mutants
# A page for browsers that cannot be built is a figure less, which is said in its place.
bench: all site launcher $(B)/entry.elf $(B)/talk.elf $(addprefix $(B)/,strings.elf pace.elf path.elf) \
    $(addprefix $(B)/native/,strings pace)
	-@$(MAKE) --no-print-directory web
	@BUILD=$(B) $(PYTHON) tests/bench/bench.py
	@$(MAKE) --no-print-directory bench-launcher
soak: all site
	@BUILD=$(B) $(PYTHON) tests/bench/soak.py
# The table of docs/posix.md; its sources are fetched.
posix: sdk
	@tools/setup posix
	@BUILD=$(B) $(PYTHON) tests/posix/suite.py
.PHONY: unit system system-parts doors ports checklist mutants bench soak posix

# ---- for those who work on it ----

SOURCES = $(shell git ls-files '*.c' '*.h')
format:
	$(Q)clang-format -i $(SOURCES)
tidy: compile_commands.json
	$(Q)clang-tidy --quiet -p . $(KERNEL_SRC:%.S=)
compile_commands.json: Makefile tools/compile-commands $(SDK_BUILD)
	$(Q)$(PYTHON) tools/compile-commands > $@
notices: all sdk
	@tools/notices $(APPS:%=$(B)/%.elf)
# For each demo a folder to hand over. The same sources give the same bytes.
IMAGES := $(filter-out linux,$(APPS))
images: all site sdk
	$(Q)rm -rf $(B)/images && mkdir -p $(B)/images/.site && tar -C $(B)/images/.site -xf $(B)/site.tar
	$(Q)for app in $(IMAGES); do \
	    case $$app in \
	    hello) more="--guest-port=" ;; \
	    echo) more="--words=ip=dhcp --guest-port=7" ;; \
	    *) more="--words=ip=dhcp --root=$(B)/images/.site" ;; \
	    esac; \
	    $(SDK)/bin/ringlet pack $(B)/$$app.elf -o $(B)/images/$$app $$more || exit 1; \
	    echo "$(B)/images/$$app"; \
	done
	$(Q)rm -rf $(B)/images/.site
# The code along one packet and one disk request, in reading order: make tour | less
tour:
	@tools/tour
help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))
clean:
	$(Q)rm -rf $(filter-out $(DEPS),$(wildcard $(B)/*))
distclean:
	$(Q)rm -rf $(B)
.PHONY: format tidy notices images tour help clean distclean

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
