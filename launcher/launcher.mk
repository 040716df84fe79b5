# The launcher: a host program, 64 bits, static, and position-independent so that nothing of it
# lies below 4 GiB, where the guest's segments are.
LAUNCHER_CFLAGS := -std=gnu11 -O2 -g $(WARN) -fPIE -fno-stack-protector -fcf-protection=none \
    -ffunction-sections -fdata-sections -D_GNU_SOURCE -I. -Iinclude -MMD -MP
LAUNCHER_OBJ := $(patsubst %,$(B)/obj/%.o,$(wildcard launcher/*.[cS]))

$(B)/obj/launcher/%.o: launcher/%
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(LAUNCHER_CFLAGS) -c -o $@ $<

$(B)/lguest: $(LAUNCHER_OBJ)
	$(Q)$(HOSTCC) -static-pie -Wl,--gc-sections,-z,noexecstack -o $@ $^

launcher: $(B)/lguest
.PHONY: launcher

# The tests of the launcher are system tests.
system: $(B)/lguest
