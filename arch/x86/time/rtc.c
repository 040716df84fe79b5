/*
 * The PC's real-time clock (Motorola MC146818A data sheet; the century byte is the PC's own).
 * Read once per boot, for the date; the monotonic clock counts on from there.
 */
#include "arch/x86/time/rtc.h"
#include "arch/x86/cpu/io.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

#define PORT_INDEX 0x70
#define PORT_DATA  0x71

#define REG_SECOND   0x00
#define REG_MINUTE   0x02
#define REG_HOUR     0x04
#define REG_DAY      0x07
#define REG_MONTH    0x08
#define REG_YEAR     0x09
#define REG_STATUS_A 0x0a
#define REG_STATUS_B 0x0b
#define REG_CENTURY  0x32

#define STATUS_A_UPDATING 0x80
#define STATUS_B_24_HOURS 0x02
#define STATUS_B_BINARY   0x04
#define HOUR_PM           0x80

#define UPDATE_POLLS 20000 /* an update takes 2.2 ms, one port access at least 0.5 us */
#define READ_TRIES   4

static uint8_t
read_register(uint8_t reg)
{
    io_out8(PORT_INDEX, reg);
    return io_in8(PORT_DATA);
}

static int
wait_for_update(void)
{
    for (unsigned i = 0; i < UPDATE_POLLS; i++)
        if (!(read_register(REG_STATUS_A) & STATUS_A_UPDATING))
            return 0;
    return -EIO;
}

static void
read_registers(struct rtc_registers *r)
{
    *r = (struct rtc_registers){
        .second = read_register(REG_SECOND),
        .minute = read_register(REG_MINUTE),
        .hour = read_register(REG_HOUR),
        .day = read_register(REG_DAY),
        .month = read_register(REG_MONTH),
        .year = read_register(REG_YEAR),
        .century = read_register(REG_CENTURY),
        .status_b = read_register(REG_STATUS_B),
    };
}

static unsigned
from_bcd(uint8_t value)
{
    return (value >> 4) * 10u + (value & 15);
}

/* 12 AM is hour 0, 12 PM hour 12; the PM flag is no part of the number. */
static unsigned
decode_hour(uint8_t hour, bool binary, bool hours_24)
{
    uint8_t digits = hours_24 ? hour : hour & ~HOUR_PM;
    unsigned h = binary ? digits : from_bcd(digits);

    if (hours_24)
        return h;
    if (h < 1 || h > 12)
        return 24; /* no hour: the caller's range check sees it */
    return h % 12 + (hour & HOUR_PM ? 12 : 0);
}

/* The century byte is not on every PC; without a sensible one it is the 21st. */
static unsigned
decode_year(const struct rtc_registers *r, bool binary)
{
    unsigned year = binary ? r->year : from_bcd(r->year);
    unsigned century = binary ? r->century : from_bcd(r->century);

    if (century < 19 || century > 29)
        century = 20;
    return year > 99 ? 0 : century * 100 + year;
}

static bool
is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Leap days before the first of January of `year`. */
static unsigned
leap_days(unsigned year)
{
    return (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
}

int
rtc_decode(const struct rtc_registers *r, uint64_t *seconds)
{
    static const uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool binary = r->status_b & STATUS_B_BINARY;
    unsigned second = binary ? r->second : from_bcd(r->second);
    unsigned minute = binary ? r->minute : from_bcd(r->minute);
    unsigned hour = decode_hour(r->hour, binary, r->status_b & STATUS_B_24_HOURS);
    unsigned day = binary ? r->day : from_bcd(r->day);
    unsigned month = binary ? r->month : from_bcd(r->month);
    unsigned year = decode_year(r, binary);

    if (second > 59 || minute > 59 || hour > 23 || month < 1 || month > 12 || year < 1970)
        return -EINVAL;
    bool leap = is_leap(year);
    if (day < 1 || day > month_days[month - 1] + (leap && month == 2 ? 1u : 0u))
        return -EINVAL;

    unsigned days = (year - 1970) * 365 + leap_days(year) - leap_days(1970) + day - 1;
    for (unsigned m = 1; m < month; m++)
        days += month_days[m - 1];
    if (leap && month > 2)
        days++;
    *seconds = days * 86400ull + hour * 3600 + minute * 60 + second;
    return 0;
}

int
rtc_read(uint64_t *seconds)
{
    struct rtc_registers first, second;

    /* An update between two registers shows as two readings that differ. */
    for (unsigned i = 0; i < READ_TRIES; i++) {
        int error = wait_for_update();
        if (error)
            return error;
        read_registers(&first);
        read_registers(&second);
        if (memcmp(&first, &second, sizeof(first)) == 0)
            return rtc_decode(&first, seconds);
    }
    return -EIO;
}
