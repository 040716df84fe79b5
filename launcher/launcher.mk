# The launcher: a host program, 64 bits, static, and position-independent so that nothing of it
# lies below 4 GiB, where the guest's segments are; and without x87 code, for gate.c.
LAUNCHER_CFLAGS := -ffile-prefix-map=$(CURDIR)=. -std=gnu11 -O2 -g $(WARN) -Wpedantic -fPIE -fno-stack-protector \
    -fcf-protection=none -mno-80387 -ffunction-sections -fdata-sections -D_GNU_SOURCE -I. -Iinclude -MMD -MP
launcher_obj = $(patsubst %,$(B)/obj/%.o,$(wildcard $(addsuffix /*.[cS],$(1))))

$(B)/obj/launcher/%.o: launcher/%
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(LAUNCHER_CFLAGS) -c -o $@ $<

$(B)/lguest: $(call launcher_obj,launcher $(addprefix launcher/,vcpu device sandbox check))
	$(Q)$(HOSTCC) -static-pie -Wl,--gc-sections,-z,noexecstack -o $@ $^

# The user-mode network is a program of its own, with libslirp.
$(B)/lguest-net: $(call launcher_obj,launcher/usernet)
	$(Q)$(HOSTCC) -pie -Wl,-z,noexecstack,-z,now -o $@ $^ -lslirp

launcher: $(B)/lguest $(B)/lguest-net
.PHONY: launcher

# The tests of the launcher are system tests.
system: launcher

bench-launcher: launcher all site
	@BUILD=$(B) $(PYTHON) tests/bench/launcher.py
.PHONY: bench-launcher
