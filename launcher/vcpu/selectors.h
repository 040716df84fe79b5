/* Numbers that C and the assembler of enter.S share. */
#ifndef LAUNCHER_VCPU_SELECTORS_H
#define LAUNCHER_VCPU_SELECTORS_H

/* The guest's segments, code and data over each view of its memory (memory.c): entries 0 to 3 of
 * the local descriptor table, ring 3. One bit tells the views apart. */
#define NEAR_CS  0x07
#define NEAR_DS  0x0f
#define VIEW_FAR 0x10
#define FAR_CS   (NEAR_CS | VIEW_FAR)
#define FAR_DS   (NEAR_DS | VIEW_FAR)
/* Index in the GDT that a guest may load for its thread-local data. */
#define GUEST_TLS_INDEX 14

#define EFLAGS_AC 0x40000

/* What Linux calls them: arch/x86/include/asm/segment.h, uapi/asm/prctl.h, the call tables. */
#define LINUX_USER_CS        0x33
#define LINUX_ARCH_SET_FS    0x1002
#define SYS_ARCH_PRCTL       158
#define I386_SET_THREAD_AREA 243

#endif
