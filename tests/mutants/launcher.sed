# row: launcher

# name: launcher-clear-drops-a-view
# file: launcher/vcpu/memory.c
# test: view cleared_in_both
# Shared memory stays what it was when its pages are dropped from one view.
s/MADV_REMOVE/MADV_DONTNEED/

# name: launcher-code-in-ds-stays-near
# file: launcher/vcpu/view.c
# test: view code_selectors_serve_for_data
# A code selector in ds and its like is not thought of.
s/moves(ds, far)/ds != NEAR_CS \&\& moves(ds, far)/

# name: launcher-ds-stays-near
# file: launcher/vcpu/view.c
# test: view one_register_alone_goes_far
# ds is forgotten: the same fault for ever.
s/if (moves(ds, far))/if (ds == 1)/

# name: launcher-es-stays-near
# file: launcher/vcpu/view.c
# test: view one_register_alone_goes_far
# es is forgotten.
s/if (moves(es, far))/if (es == 1)/

# name: launcher-far-view-open
# file: launcher/vcpu/paging.c
# test: launcher_paging the_far_view_follows
# A guest that touches low memory is protected from nothing.
s/^    far = true;/    far = false;/

# name: launcher-fault-told-at-once
# file: launcher/vcpu/paging.c
# test: launcher_paging faults_look_again
# A page that became present has to be announced.
s/^    read_page(address \/ PAGE);/    (void)read_page;/

# name: launcher-fetch-hides-data
# file: launcher/vcpu/view.c
# test: view code_goes_far_alone
# Far code that touches low memory itself is told of a fault.
s/(fetch \&\& code_far(regs)) || /fetch ? code_far(regs) : /

# name: launcher-fetch-moves-data
# file: launcher/vcpu/view.c
# test: view code_goes_far_alone
# Code in low memory makes data far, which does not help it.
s/(fetch \&\& code_far(regs)) || /fetch ? data_far(regs, fs) : /

# name: launcher-fs-stays-near
# file: launcher/vcpu/view.c
# test: view one_register_alone_goes_far
# fs, which is not in its register any more, is forgotten.
s/if (moves(\*fs, far))/if (*fs == 1)/

# name: launcher-gate-base-taken-away
# file: launcher/vcpu/gate.c
# test: gate the_librarys_base_stays
# The handler gives the guest's fs back while C code runs.
s/^        \*fs = 0;.*/        ;/

# name: launcher-gate-calls-twice
# file: launcher/vcpu/gate.c
# test: gate again_is_no_second_call
# A signal on the way out makes the call again.
s/gate_state.fresh = false;/;/

# name: launcher-gate-eip-believed
# file: launcher/vcpu/gate.c
# test: gate outside_of_memory_is_no_way_back
# iretq to behind the segment's limit.
s/if (!memory_at(eip, INT_LENGTH))/if (false)/

# name: launcher-gate-entry-loses-fs
# file: launcher/vcpu/gate.c
# test: gate a_signal_on_the_way_in_is_put_off
# The guest's fs is gone before it was kept.
s/^    if (!landed \&\& !is_within(ip, gate_enter, gate_own))/    if (landed || !is_within(ip, gate_enter, gate_enter))/

# name: launcher-gate-faults-wait
# file: launcher/vcpu/gate.c
# test: gate a_fault_is_never_put_off
# A fault in the gate is tried again for ever.
s/!(ours >> signal & 1) || //

# name: launcher-gate-int-as-well
# file: launcher/vcpu/gate.c
# test: gate a_call_goes_on_behind_the_int
# A call that was served is made once more, by the int.
s/regs\[REG_RIP\] += INT_LENGTH;/;/

# name: launcher-gate-leaving-waits
# file: launcher/vcpu/gate.c
# test: gate who_leaves_hears_at_once
# Who asks a second time for the end is not heard.
s/ || is_leaving()//

# name: launcher-gate-low-code-is-near
# file: launcher/vcpu/gate.c
# test: gate low_code_returns_to_the_far_view
# Code in low memory faults once for each call.
s/memory_is_near(eip, INT_LENGTH) ? NEAR_CS : FAR_CS/NEAR_CS/

# name: launcher-gate-marks-stay
# file: launcher/vcpu/gate.c
# test: gate what_came_is_served_before_the_guest_goes_on
# What came in the gate is marked and not served.
/^    gate_serve_deferred();/d

# name: launcher-gate-page-of-zeros
# file: launcher/vcpu/gate.c
# test: gate nothing_else_lies_on_the_pages
# Behind the landing lie instructions that write.
/memset(place, INT3, PAGE);/d

# name: launcher-gate-resume-goes-on
# file: launcher/vcpu/gate.c
# test: gate a_signal_on_the_way_out_begins_it_again
# A signal between the last look and the guest waits for the next exit.
s/regs\[REG_RIP\] = (uintptr_t)gate_resume;/;/

# name: launcher-gate-serves-all
# file: launcher/vcpu/gate.c
# test: gate another_call_goes_on_with_the_int
# What ends or restarts is served with signals let in.
s/if (!hypercall_by_gate(regs))/if (false)/

# name: launcher-gate-sleep-forgets
# file: launcher/vcpu/gate.c
# test: gate what_the_sleep_found_is_kept
# A signal behind the sleep makes its result an error.
s/is_within(ip, gate_asleep, gate_awake)/is_within(ip, gate_asleep, gate_awake + 1)/

# name: launcher-gate-sleeps-through
# file: launcher/vcpu/gate.c
# test: gate a_signal_just_before_the_sleep_ends_it
# A signal between the last look and the sleep does not end it.
s/regs\[REG_RIP\] = (uintptr_t)gate_awake;/;/

# name: launcher-gs-stays-near
# file: launcher/vcpu/view.c
# test: view one_register_alone_goes_far
# gs is forgotten.
s/if (moves(gs, far))/if (gs == 1)/

# name: launcher-large-page-taken
# file: launcher/vcpu/paging.c
# test: launcher_paging what_is_refused
# A page of 4 MiB is taken for a table.
s/^#define DIRECTORY_FLAGS 0x067u/#define DIRECTORY_FLAGS 0x0e7u/

# name: launcher-limit-is-no-views
# file: launcher/vcpu/view.c
# test: view limits_are_a_views_where_it_is_not_whole
# A guest of 3 GiB is told of a fault at the end of the near view.
s/^    return data_far(regs, fs) || code_far(regs);/    return false;/

# name: launcher-low-code-comes-back
# file: launcher/vcpu/view.c
# test: view low_code_stays_far
# Code that is in low memory is made near, to fault at once.
s/is_over(&code) \&\& memory_is_near(regs\[REG_RIP\], 1)/is_over(\&code)/

# name: launcher-low-is-near
# file: launcher/vcpu/memory.c
# test: view places
# Null is where the host's own address 0 would be.
s/return address >= NEAR_BEGIN \&\& address/return address/

# name: launcher-maps-elsewhere
# file: launcher/vcpu/paging.c
# test: launcher_paging what_is_refused
# Where an entry leads does not matter.
s/^    if (!identity)/    if (0)/

# name: launcher-own-access-faults
# file: launcher/vcpu/memory.c
# test: launcher_paging the_launchers_own_way
# The launcher dies of a page that its guest protected.
s/if (!paging_is_open(address, len))/if (0)/

# name: launcher-own-fault-for-ever
# file: launcher/vcpu/view.c
# test: view one_register_alone_goes_far
# A fault that the far view has as well is tried again and again.
s/^    bool moved = move_data(regs, fs, VIEW_FAR);/    bool moved = move_data(regs, fs, VIEW_FAR) || true;/

# name: launcher-piece-in-two-views
# file: launcher/vcpu/memory.c
# test: view what_is_past_the_near_view
# What begins in the near view is taken to end there.
s/^           len <= memory.near_end - address;/           len != UINT32_MAX;/

# name: launcher-protected-after-restart
# file: launcher/vcpu/paging.c
# test: launcher_paging a_reset_opens_everything
# A guest finds the protections of the one before it.
s/if (in_use \&\& !protect(0, memory.ram, .*/if (0)/

# name: launcher-restart-keeps-wait
# file: launcher/vcpu/view.c
# test: view a_restart_begins_near
# A guest pays for what the one before it did.
s/^    code = data = .*$//

# name: launcher-stack-stays-near
# file: launcher/vcpu/view.c
# test: view one_register_alone_goes_far
# ss, which the kernel saved, is forgotten.
s/bool moved = move_saved(regs, SS_SHIFT, far);/bool moved = false;/

# name: launcher-table-of-read-only
# file: launcher/vcpu/paging.c
# test: launcher_paging what_the_tables_say
# A page's entry has the only say.
s/return entry \& above \& WRITABLE/return entry \& WRITABLE/

# name: launcher-wait-stays
# file: launcher/vcpu/view.c
# test: view the_wait_doubles
# A guest that lives in low memory faults every few exits.
s/p->wait \*= 2/p->wait *= 1/

# name: launcher-wait-without-bound
# file: launcher/vcpu/view.c
# test: view the_wait_doubles
# After some touches of low memory the guest is slow for hours.
s/if (p->wait < WAIT_MAX)/if (p->wait < 1u << 30)/

# name: launcher-whole-view-tries-again
# file: launcher/vcpu/view.c
# test: view limits_are_a_views_where_it_is_not_whole
# A stray pointer makes data far first, though the view is whole.
s/ || memory.near_end >= memory.limit)/)/
