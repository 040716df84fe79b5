/* Numbers that C and the assembler of enter.S share. */
#ifndef LAUNCHER_VCPU_SELECTORS_H
#define LAUNCHER_VCPU_SELECTORS_H

/* The guest's segments: entries 0 and 1 of the local descriptor table, ring 3. */
#define GUEST_CS 0x07
#define GUEST_DS 0x0f
/* Index in the GDT that a guest may load for its thread-local data. */
#define GUEST_TLS_INDEX 14

#define EFLAGS_AC 0x40000

/* What Linux calls them: arch/x86/include/asm/segment.h, uapi/asm/prctl.h, the call tables. */
#define LINUX_USER_CS        0x33
#define LINUX_ARCH_SET_FS    0x1002
#define SYS_ARCH_PRCTL       158
#define I386_SET_THREAD_AREA 243

#endif
