# file: launcher/vcpu/view.c
# row: launcher
# test: view low_code_stays_far
# Code that is in low memory is made near, to fault at once.
s/is_over(&code) \&\& memory_is_near(regs\[REG_RIP\], 1)/is_over(\&code)/
