# file: arch/x86/cpu/trap.c
# row: threads
# test: trap exceptions_are_the_programs_or_the_end
# A handler is not told where a page fault was.
/^trap_dispatch/,/^}/s/trap_program(frame, other, address)/trap_program(frame, other, 0)/
