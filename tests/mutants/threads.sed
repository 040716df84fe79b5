# row: threads

# name: program-late-work-lost
# file: kernel/thread.c
# test: thread ticks_come_while_others_are_ready
# What an interrupt left behind on the way out of a system call waits for the next interrupt.
/^program_enter/,/^}/s/if (!defer_pending())/if (1)/

# name: program-ticks-always
# file: kernel/thread.c
# test: thread ticks_come_while_others_are_ready
# A thread that is alone is interrupted 250 times a second.
/^program_enter/,/^}/s/if (!list_empty(&ready))//

# name: thread-awake-is-woken
# file: kernel/thread.c
# test: wait one_is_woken_at_a_time_and_the_first_first
# The wake for one goes to a thread that is awake already.
/^wake_one/,/^}/s/ && !w->thread->woken//

# name: thread-deferred-may-block
# file: kernel/thread.c
# test: wait deferred_work_that_blocks_is_a_panic
# Deferred work may block.
/^schedule/,/^}/s/assert(!defer_running());//

# name: thread-freed-while-in-use
# file: kernel/thread.c
# test: thread ends_by_returning_or_by_saying_so
# A thread frees the stack that it is running on.
/^thread_exit/,/^}/s/dead = current;/&\n    free_dead();/

# name: thread-guard-handed-out
# file: kernel/thread.c
# test: thread loses_a_stack_whose_guard_stays
# A page that faults is given back.
/^free_dead/,/^}/{/kfree(t);/{N;/return/d}}

# name: thread-guard-stays-on-failure
# file: kernel/thread.c
# test: thread is_not_made_without_memory
# The guard page of a thread that was not made still faults.
/^thread_create(/,/^}/s/if (!error)/if (false)/

# name: thread-last-in-first-out
# file: kernel/thread.c
# test: thread in_the_order_of_becoming_ready
# Who became ready last runs first.
/^make_ready/,/^}/s/list_append(&ready,/list_insert_before(ready.next,/

# name: thread-late-looks-at-nothing
# file: kernel/thread.c
# test: wait looks_round_although_it_is_late
# A deadline that is past runs no deferred work.
/^wait_sleep/,/^}/{/clock_now() >= deadline) {/{n;s/defer_run();//}}

# name: thread-sleep-sum-wraps
# file: kernel/thread.c
# test: wait sleeps_for_ever_if_the_sum_wraps
# The end of a very long sleep wraps into the past.
/^thread_sleep/,/^}/s/deadline < ns/false/

# name: thread-timer-stays
# file: kernel/thread.c
# test: wait is_woken_out_of_idleness
# The timer of a sleep that was cut short still fires.
/^wait_sleep/,/^}/s/timer_cancel(&timer);//

# name: thread-tls-stays
# file: kernel/thread.c
# test: thread follows_the_thread_in_the_window
# A switch leaves the thread pointer as it was.
/^schedule/,/^}/s/load_tls(current->tls);//

# name: thread-top-counts
# file: kernel/thread.c
# test: thread lies_between_guard_and_top
# The byte above a stack counts as part of it.
/^thread_of_stack/,/^}/s/guard >= t->stack_size/guard > t->stack_size/

# name: thread-wake-before-sleep-lost
# file: kernel/thread.c
# test: wait a_wake_before_the_sleep_counts
# A wake between joining and sleeping is lost.
/^wake_thread/,/^}/s/    t->woken = true;/    t->woken = t->state == THREAD_BLOCKED;/

# name: thread-wake-kept-after-leaving
# file: kernel/thread.c
# test: wait a_wake_before_the_sleep_counts
# A wake of a queue that was left ends the next sleep.
/^wait_leave/,/^}/s/current->woken = false;//

# name: timer-tick-moves
# file: kernel/timer.c
# test: timer a_tick_comes_once
# Whoever asks for a tick puts it off for everybody: a thread that calls often would never give way.
/^timer_tick/,/^}/s/new = tick == TIME_NEVER/new = true/

# name: timer-tick-stays
# file: kernel/timer.c
# test: timer a_tick_comes_once
# After an interrupt the tick is taken for one that is still to come.
/^timer_interrupt/,/^}/s/tick = TIME_NEVER;//

# name: trap-address-forgotten
# file: arch/x86/cpu/trap.c
# test: trap exceptions_are_the_programs_or_the_end
# A handler is not told where a page fault was.
/^trap_dispatch/,/^}/s/trap_program(frame, other, address)/trap_program(frame, other, 0)/

# name: trap-flag-lost
# file: arch/x86/cpu/trap.c
# test: trap the_program_gives_way
# After its first interrupt the program is taken for the kernel.
/^trap_dispatch/,/^}/s/program_enter();/;/

# name: trap-flag-stays
# file: arch/x86/cpu/trap.c
# test: trap the_program_gives_way
# An interrupt inside of an interrupt takes it for the program.
/^trap_dispatch/,/^}/s/program_runs = false;//

# name: trap-kernel-fault-handled
# file: arch/x86/cpu/trap.c
# test: trap exceptions_are_the_programs_or_the_end
# The kernel's own exceptions go unreported.
/^trap_dispatch/,/^}/s/!program || !next/program \&\& !next/

# name: trap-kernel-preempted
# file: arch/x86/cpu/trap.c
# test: trap the_kernel_goes_on
# An interrupt that finds the kernel may put another thread in its place.
/^trap_dispatch/,/^}/s/program = program_runs/program = true/
