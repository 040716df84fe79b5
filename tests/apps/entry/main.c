/*
 * How long the kernel takes from its first instruction to main, in cycles of the CPU's counter
 * (boot_info.entry_tsc), since no clock runs that early. What a cycle takes is then measured by
 * the kernel's clock. tests/bench/entry.py prints it for each door.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include "kernel/boot_info.h"

#define MEASURE_NS 100000000 /* a disturbance of 0.1 ms makes a thousandth of it */

struct reading {
    uint64_t cycles;
    double us;
};

static struct reading
read_both(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct reading){__builtin_ia32_rdtsc(),
                            (double)now.tv_sec * 1e6 + now.tv_nsec / 1e3};
}

int
main(void)
{
    uint64_t taken = __builtin_ia32_rdtsc() - boot_info.entry_tsc;
    struct reading from = read_both();

    nanosleep(&(struct timespec){.tv_nsec = MEASURE_NS}, NULL);
    struct reading to = read_both();
    double mhz = (double)(to.cycles - from.cycles) / (to.us - from.us);
    printf("main: %.1f us after the entry, at %.1f MHz\n", (double)taken / mhz, mhz);
    return 0;
}
