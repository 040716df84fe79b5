# file: arch/x86/cpu/trap.c
# row: threads
# test: trap the_program_gives_way
# After its first interrupt the program is taken for the kernel.
/^trap_dispatch/,/^}/s/program_enter();/;/
