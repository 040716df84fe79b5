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
#define SYS_PPOLL            271
#define ERROR_INTERRUPTED    4 /* EINTR */
#define I386_SET_THREAD_AREA 243

/* Of struct gate (gate.c), whose first member is the registers as the kernel orders them. */
#define GATE_REG(n)   ((n) * 8)
#define GATE_FRAME    184
#define GATE_STACK    224
#define GATE_FS_BASE  232
#define GATE_SS       240
#define GATE_MXCSR    244
#define GATE_DEFERRED 248
#define GATE_FS       252
#define GATE_INSIDE   254
#define GATE_FRESH    255
#define GATE_MASKS    256
#define GATE_VECTORS  320
#define GATE_WIDTH    832
/* What GATE_WIDTH says of the vector registers: bytes of each that there are. */
#define GATE_SSE    16
#define GATE_AVX    32
#define GATE_AVX512 64
/* How far behind the landing its pointer is. */
#define PAGE_BYTES 4096

#endif
