/*
 * The serial port against a small 16550 (National PC16550D data sheet) whose host takes bytes when the test lets
 * it. Interrupts come at the worst moments: whenever the driver lets them in again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "arch/x86/irq/lines.h"
#include "arch/x86/pc/serial.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/thread.h"
#include "shim.h"

#define COM1      0x3f8
#define FIFO_SIZE 16u
#define SENT_MAX  65536u

static struct {
    uint8_t interrupts, scratch;
    bool divisor, fifo;
    unsigned held;  /* bytes in the transmitter */
    unsigned takes; /* by the host, whenever it is looked at */
    char sent[SENT_MAX];
    size_t nr_sent;
    const char *keys;
} chip;

static struct irq_line line;
static bool has_line;
static struct console_device *console;

/* ---- the chip ---- */

static void
host_takes(void)
{
    chip.held -= MIN(chip.held, chip.takes);
}

uint32_t
model_port_read(uint16_t port, unsigned width)
{
    assert_int_equal(width, 1);
    host_takes();
    switch (port - COM1) {
    case 0:
        return *chip.keys ? (uint8_t)*chip.keys++ : 0;
    case 2:
        return chip.fifo ? 0xc1 : 1;
    case 5:
        return (*chip.keys ? 1 : 0) | (chip.held == 0 ? 0x60 : 0);
    case 7:
        return chip.scratch;
    default:
        return 0;
    }
}

void
model_port_write(uint16_t port, uint32_t value, unsigned width)
{
    assert_int_equal(width, 1);
    switch (port - COM1) {
    case 0:
        if (chip.divisor)
            break;
        assert_true(chip.held < FIFO_SIZE && chip.nr_sent < SENT_MAX); /* or it is lost */
        chip.sent[chip.nr_sent++] = (char)value;
        chip.held++;
        break;
    case 1:
        if (!chip.divisor)
            chip.interrupts = (uint8_t)value;
        break;
    case 2:
        chip.fifo = value & 1;
        break;
    case 3:
        chip.divisor = value & 0x80;
        break;
    case 7:
        chip.scratch = (uint8_t)value;
        break;
    }
}

/* Called when interrupts come on: the host goes on meanwhile, and the line tells. */
bool
model_irq_deliver(void)
{
    host_takes();
    if (!((chip.interrupts & 1 && *chip.keys) || (chip.interrupts & 2 && chip.held == 0)))
        return false;
    irq_dispatch(&line);
    return true;
}

struct irq_line *
lines_isa(unsigned irq)
{
    assert_int_equal(irq, 4);
    return has_line ? &line : NULL;
}

void
console_register(struct console_device *c)
{
    console = c;
}

/* ---- the tests ---- */

static void
mask(struct irq_line *l, bool on)
{
    (void)l, (void)on;
}

static void
start(bool with_line)
{
    memset(&chip, 0, sizeof(chip));
    chip.keys = "";
    has_line = with_line;
    line = (struct irq_line){.mask = mask};
    serial_early_console();
}

/* As tty_write does: what there is room for, and then sleep until there is more. */
static void
write_all(const char *text, size_t len)
{
    while (len > 0) {
        size_t room = console->room(console), n = MIN(room, len);
        if (n == 0) {
            assert_int_equal(wait_on(&console->changed, clock_now() + NSEC_PER_SEC), 0);
            continue;
        }
        console->write(console, text, n);
        console->push(console, false);
        text += n;
        len -= n;
    }
    while (console->push(console, true))
        assert_int_equal(wait_on(&console->changed, clock_now() + NSEC_PER_SEC), 0);
}

static void
all_goes_out_in_order(void **state)
{
    static char text[10000];

    (void)state;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i % 26);
    for (chip.takes = 1; chip.takes <= 8192; chip.takes *= 2) {
        chip.nr_sent = 0;
        write_all(text, sizeof(text));
        assert_int_equal(chip.nr_sent, sizeof(text));
        assert_memory_equal(chip.sent, text, sizeof(text));
    }
}

static void
keys_hold_the_host_back(void **state)
{
    char keys[600], got[600];
    size_t n = 0;

    (void)state;
    memset(keys, 'k', sizeof(keys) - 1);
    keys[sizeof(keys) - 1] = '\0';
    chip.keys = keys;
    platform->irq_restore(true);
    assert_true(*chip.keys); /* no room for all of them: they stay in the receiver */
    for (unsigned i = 0; i < 10; i++)
        n += console->read(console, got + n, sizeof(got) - n);
    assert_int_equal(n, sizeof(keys) - 1);
    assert_memory_equal(got, keys, n);
}

static void
no_interrupts_but_a_timer(void **state)
{
    start(false);
    all_goes_out_in_order(state);
    start(true);
}

static int
with_interrupts(void **state)
{
    (void)state;
    start(true);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_goes_out_in_order),
        cmocka_unit_test(no_interrupts_but_a_timer),
        cmocka_unit_test(keys_hold_the_host_back),
    };

    return cmocka_run_group_tests_name("serial", tests, with_interrupts, NULL);
}
