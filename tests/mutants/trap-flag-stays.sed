# file: arch/x86/cpu/trap.c
# row: threads
# test: trap the_program_gives_way
# An interrupt inside of an interrupt takes it for the program.
/^trap_dispatch/,/^}/s/program_runs = false;//
