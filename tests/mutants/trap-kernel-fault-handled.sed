# file: arch/x86/cpu/trap.c
# row: threads
# test: trap exceptions_are_the_programs_or_the_end
# The kernel's own exceptions go unreported.
/^trap_dispatch/,/^}/s/!program || !next/program \&\& !next/
