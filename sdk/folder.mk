# How a folder becomes an image: `ringlet build` and the makefile of Ringlet's own tree read this.
#
# A folder with a makefile of its own is built by that, in a copy, with CC=ringlet-cc (sdk/foreign).
# Of any other, all C, C++ and assembler files, those in folders below it as well, are one program. A file
# flags.mk in it is read here, so it can say
#
#   CFLAGS += -DWITH_TLS -I$(FOLDER)/include
#   LDLIBS += -L$(FOLDER)/lib -lmine
#   $(WORK)/slow/part.c.o: CFLAGS += -O3
#
# FOLDER, WORK (for what is made on the way), IMAGE and KIT (lib/ringlet) are set by who calls; NATIVE
# may be: a program for 32-bit Linux of the same objects.

CC := $(KIT)/../../bin/ringlet-cc
CXX := $(KIT)/../../bin/ringlet-c++
CXXFLAGS := -O2 -g -Wall -Wextra $(if $(filter 1,$(WERROR)),-Werror)
CFLAGS := -std=gnu11 $(CXXFLAGS)
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
CXX_SOURCES := $(filter %.cc %.cpp %.cxx %.C,$(FILES))
SOURCES := $(filter %.c %.S %.s,$(FILES)) $(CXX_SOURCES)
# What looks like a part of the program and would be left out.
OTHERS := $(filter %.c++ %.asm %.f %.f90 %.m %.rs %.go,$(FILES))
$(if $(strip $(SOURCES)),,$(error $(FOLDER) has no makefile and no C file))
$(if $(OTHERS),$(error $(OTHERS): only C, C++ and assembler files are built without a makefile))
OBJECTS := $(SOURCES:$(FOLDER)/%=$(WORK)/%.o)
-include $(FOLDER)/flags.mk

# A kit that has changed makes everything anew.
CXX_OBJECTS := $(CXX_SOURCES:$(FOLDER)/%=$(WORK)/%.o)
COMPILE = $(if $(filter $(CXX_OBJECTS),$@),$(CXX) $(CXXFLAGS),$(CC) $(CFLAGS))
LINKER := $(if $(CXX_SOURCES),$(CXX) $(CXXFLAGS),$(CC) $(CFLAGS))
$(OBJECTS): $(WORK)/%.o: $(FOLDER)/% $(CC) $(KIT)/include/.built $(KIT)/kernel/.changed $(wildcard $(FOLDER)/flags.mk)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MD -MP -c -o $@ $<

LINK := $(wildcard $(KIT)/*.a $(KIT)/native/* $(KIT)/*.specs) $(addprefix $(KIT)/,ld linker.ld symbols)
$(IMAGE): $(OBJECTS) $(LINK)
	@mkdir -p $(@D)
	$(Q)$(LINKER) -o $@ $(OBJECTS) $(LDLIBS)
$(NATIVE): $(OBJECTS) $(LINK)
	@mkdir -p $(@D)
	$(Q)$(LINKER) --native -o $@ $(OBJECTS) $(LDLIBS)

-include $(OBJECTS:.o=.d)

endif
