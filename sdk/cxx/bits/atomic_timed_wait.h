/* libstdc++'s own file, which hands a struct timespec to the system call itself: musl's has 64 bits, which
 * another call takes. */
#include <sys/syscall.h>
#pragma push_macro("SYS_futex")
#undef SYS_futex
#define SYS_futex SYS_futex_time64
#include_next <bits/atomic_timed_wait.h>
#pragma pop_macro("SYS_futex")
