/*
 * The PC's real-time clock.
 */
#ifndef ARCH_X86_TIME_RTC_H
#define ARCH_X86_TIME_RTC_H

#include <stdint.h>

/* Its registers as they read. */
struct rtc_registers {
    uint8_t second, minute, hour, day, month, year, century;
    uint8_t status_b;
};

/* Seconds since 1970 in *seconds; 0, -EIO if the clock never holds still, -EINVAL if what it
 * says is no date. The PC's convention is kept: the clock runs on UTC. */
int rtc_read(uint64_t *seconds);
/* The same from the registers; -EINVAL or 0. */
int rtc_decode(const struct rtc_registers *r, uint64_t *seconds);

#endif
