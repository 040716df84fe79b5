/* The one processor: which it is, and that barriers between several have nothing to do. */
#include "kernel/kernel.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(cpu);

SYSCALL(318, getcpu, unsigned *cpu, unsigned *node)
{
    if (cpu)
        *cpu = 0;
    if (node)
        *node = 0;
    return 0;
}

/* Linux's commands, a bit each; 0 asks for those that there are. */
#define GLOBAL           1
#define GLOBAL_EXPEDITED 2
#define REGISTER_GLOBAL  4
#define PRIVATE          8
#define REGISTER_PRIVATE 16
#define PRIVATE_CORE     32
#define REGISTER_CORE    64
#define COMMANDS         127

SYSCALL(375, membarrier, int command, unsigned flags)
{
    static int registered;

    if (flags || (command & ~COMMANDS) || (command & (command - 1)))
        return -EINVAL;
    if (command == 0)
        return COMMANDS;
    if (command == REGISTER_PRIVATE || command == REGISTER_CORE)
        registered |= command;
    if ((command == PRIVATE || command == PRIVATE_CORE) && !(registered & command << 1))
        return -EPERM;
    return 0;
}
