# How a folder becomes an image: `ringlet build` and the makefile of Ringlet's own tree read this.
#
# A folder with a makefile of its own is built by that, in a copy, with CC=ringlet-cc (sdk/foreign).
# Of any other, all C and assembler files, those in folders below it as well, are one program. A file
# flags.mk in it is read here, so it can say
#
#   CFLAGS += -DWITH_TLS -I$(FOLDER)/include
#   LDLIBS += -L$(FOLDER)/lib -lmine
#   $(WORK)/slow/part.c.o: CFLAGS += -O3
#
# FOLDER, WORK (for what is made on the way), IMAGE and KIT (lib/ringlet) are set by who calls; NATIVE
# may be: a program for 32-bit Linux of the same objects.

CC := $(KIT)/../../bin/ringlet-cc
CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror)
LDLIBS :=
Q := $(if $(filter 1,$(V)),,@)
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
all: $(IMAGE) $(NATIVE)
.PHONY: all FORCE

ifneq ($(wildcard $(addprefix $(FOLDER)/,GNUmakefile makefile Makefile)),)

$(IMAGE): FORCE
	$(Q)$(KIT)/foreign $(FOLDER) $(WORK) $@

else

FILES := $(shell find -L $(FOLDER) -name '.?*' -prune -o -path $(WORK) -prune -o -type f -print | LC_ALL=C sort)
SOURCES := $(filter %.c %.S %.s,$(FILES))
# What looks like a part of the program and would be left out.
OTHERS := $(filter %.C %.cc %.cpp %.cxx %.c++ %.asm %.f %.f90 %.m %.rs %.go,$(FILES))
$(if $(SOURCES),,$(error $(FOLDER) has no makefile and no C file))
$(if $(OTHERS),$(error $(OTHERS): only C and assembler files are built without a makefile))
OBJECTS := $(SOURCES:$(FOLDER)/%=$(WORK)/%.o)
-include $(FOLDER)/flags.mk

# A kit that has changed makes everything anew.
$(OBJECTS): $(WORK)/%.o: $(FOLDER)/% $(CC) $(KIT)/include/.built $(KIT)/kernel/.changed $(wildcard $(FOLDER)/flags.mk)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MD -MP -c -o $@ $<

LINK := $(wildcard $(KIT)/*.a $(KIT)/native/* $(KIT)/*.specs) $(addprefix $(KIT)/,ld linker.ld symbols)
$(IMAGE): $(OBJECTS) $(LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $(OBJECTS) $(LDLIBS)
$(NATIVE): $(OBJECTS) $(LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) --native -o $@ $(OBJECTS) $(LDLIBS)

-include $(OBJECTS:.o=.d)

endif
