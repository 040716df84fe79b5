# row: lguest

# name: lguest-breakpoint-of-ring-0
# file: arch/x86/lguest/irq.c
# test: lguest_host test_gates
# int3 is a protection fault.
s/GATE_INTERRUPT | GATE_DPL3$/GATE_INTERRUPT/

# name: lguest-clock-stands-still
# file: arch/x86/lguest/time.c
# test: lguest_host test_slow_clock_passes
# Looking at the clock arms no tick.
/if (on && !watched)/,/}/d

# name: lguest-clock-waits-for-host
# file: arch/x86/lguest/time.c
# test: lguest_host test_slow_clock_and_host
# After the host set its clock back ours waits for it to catch up.
s/^    host_latest = now;/    host_latest = MAX(host_latest, now);/

# name: lguest-devices-not-mapped
# file: arch/x86/lguest/paging.c
# test: lguest_paging test_start
# Nothing behind the RAM is mapped, where the devices are.
s/^    cover(devices, end);//

# name: lguest-entry-not-told
# file: arch/x86/lguest/paging.c
# test: lguest_paging test_protect_one
# The entry is written and the host not told of it.
s/lguest_call(one ? LHCALL_SET_PTE : LHCALL_SET_PGD,/if (!one) lguest_call(LHCALL_SET_PGD,/

# name: lguest-exec-for-writing
# file: arch/x86/lguest/paging.c
# test: lguest_paging test_protect_one
# What may be executed may be written.
s/ || prot == PAGE_RX//

# name: lguest-frames-pile-up
# file: arch/x86/lguest/irq.c
# test: lguest_host test_storm
# Each return lets the next interrupt in on top of itself.
s/ || delivering)/)/;s/turns < LGUEST_IRQS/turns < 1/

# name: lguest-halt-leaves-enabled
# file: arch/x86/lguest/irq.c
# test: lguest_host test_halt
# HALT switches interrupts on, and nobody off again.
/^lguest_halt/,/^}/s/lguest_irq_save();//

# name: lguest-later-host
# file: arch/x86/lguest/lguest.c
# test: lguest_host test_later_host
# Linux 4.x is not told from what came before.
s/return io_in32(PCI_ADDRESS_PORT) == 0xffffffff;/return true;/

# name: lguest-mark-stays
# file: arch/x86/lguest/irq.c
# test: lguest_host test_pending
# irq_pending is left to the host, which never clears it.
s/lguest_data.irq_pending = 0;/;/

# name: lguest-module-not-mapped
# file: arch/x86/lguest/paging.c
# test: lguest_paging test_start
# An initrd lies where nothing was given out yet.
s/i < boot_info.nr_modules/i < 0 * boot_info.nr_modules/

# name: lguest-nobody-asks
# file: arch/x86/lguest/irq.c
# test: lguest_host test_pending
# What was held back while interrupts were off is not asked for.
/SEND_INTERRUPTS/d

# name: lguest-null-is-there
# file: arch/x86/lguest/paging.c
# test: lguest_paging test_start
# Page 0 is memory like any other.
s/^    set_entries(0, LGUEST_LOW_MEMORY, 0);//

# name: lguest-reach-forgotten
# file: arch/x86/lguest/paging.c
# test: lguest_paging test_reach
# What is given out is not mapped.
s/^    pages_reach = reach;/    (void)reach;/

# name: lguest-returns-disabled
# file: arch/x86/lguest/irq.c
# test: lguest_host test_storm
# The last handler leaves interrupts off.
/^lguest_trap_return/,/^}/{/    lguest_data.irq_enabled = LGUEST_IF;/d;s/LGUEST_IRQS/2/}

# name: lguest-returns-enabled
# file: arch/x86/lguest/irq.c
# test: lguest_host test_return_disabled
# Every return enables interrupts.
s/!(frame->eflags & EFLAGS_IF)/!frame/

# name: lguest-shutdown-cut
# file: arch/x86/lguest/lguest.c
# test: lguest_host test_exit
# A restart is a power-off.
s/LGUEST_SHUTDOWN_RESTART/LGUEST_SHUTDOWN_POWEROFF/

# name: lguest-system-call-by-interrupt-gate
# file: arch/x86/lguest/irq.c
# test: lguest_host test_gates
# Gate 0x80 is one that the host takes for an interrupt.
s/trap_system_call_stub, GATE_TRAP/trap_system_call_stub, GATE_INTERRUPT/

# name: lguest-table-not-told
# file: arch/x86/lguest/paging.c
# test: lguest_paging test_protect_many
# Of many pages only the first table is told.
s/(at \/ SPAN + 1) \* SPAN)/(at \/ SPAN + 2) * SPAN)/

# name: lguest-terminate-beside-device
# file: arch/x86/lguest/irq.c
# test: lguest_host test_terminate
# A device's interrupt 31 ends the program.
/irq == LGUEST_IRQ_TERMINATE/,+1d

# name: lguest-text-is-writable
# file: arch/x86/lguest/paging.c
# test: lguest_paging test_start
# The image is as the rest of memory.
/image_start, (uintptr_t)data_start, READ/d

# name: lguest-ticks-for-ever
# file: arch/x86/lguest/time.c
# test: lguest_host test_slow_clock_rests
# The tick is armed again although nobody looks.
/^lguest_timer_tick/,/^}/s/watched = false;/;/;s/else if (deadline != TIME_NEVER)/else/

# name: lguest-ticks-wait-for-the-step
# file: arch/x86/lguest/time.c
# test: lguest_host test_tick_set_back
# Only a deadline is armed again, not the tick.
s/ && (deadline != TIME_NEVER || watched)/ \&\& deadline != TIME_NEVER/

# name: lguest-timer-always-again
# file: arch/x86/lguest/time.c
# test: lguest_host test_clock_set_back
# Each interrupt arms the timer again, for a hypercall more.
s/host_went_back() && //

# name: lguest-timer-cut-to-32-bits
# file: arch/x86/lguest/time.c
# test: lguest_host test_tsc_timer
# The low half of a long delay.
s/(uint32_t)MIN(delay, LONGEST_TIMER)/(uint32_t)delay/

# name: lguest-timer-of-0
# file: arch/x86/lguest/time.c
# test: lguest_host test_tsc_timer
# A deadline that is past cancels the timer.
s/deadline - now : 1;/deadline - now : 0;/

# name: lguest-timer-out-of-nothing
# file: arch/x86/lguest/time.c
# test: lguest_host test_clock_set_back
# A step arms the timer though nobody waits.
s/host_went_back() && (.*)/host_went_back())/

# name: lguest-timer-step-by-wall-clock
# file: arch/x86/lguest/time.c
# test: lguest_host test_clock_set_back
# Only a clock that is behind its last reading was set back, TSC or not.
s/int64_t lead = (int64_t)(host_time() - now_ns());/int64_t lead = (int64_t)host_time();/

# name: lguest-timer-step-without-tsc
# file: arch/x86/lguest/time.c
# test: lguest_host test_slow_clock_set_back
# The step is only seen beside a TSC.
s/return host_latest < last;/return false;/

# name: lguest-timer-waits-for-the-step
# file: arch/x86/lguest/irq.c
# test: lguest_host test_clock_set_back
# A host that sets its clock back stalls the timer by as much.
/lguest_timer_check();/d
