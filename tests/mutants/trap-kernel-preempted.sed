# file: arch/x86/cpu/trap.c
# row: threads
# test: trap the_kernel_goes_on
# An interrupt that finds the kernel may put another thread in its place.
/^trap_dispatch/,/^}/s/program = program_runs/program = true/
