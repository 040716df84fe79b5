/*
 * The PC's first serial port, a 16550 or what emulates one (National PC16550D data sheet).
 * A program's output goes through a ring that the transmitter's interrupt empties, so nobody
 * waits for the wire but who has filled the ring; the early console is polled, with a bound, so
 * that it works in any context and cannot hang on a host that does not read. Input comes by
 * interrupt.
 */
#include "arch/x86/pc/serial.h"
#include "arch/x86/cpu/io.h"
#include "arch/x86/irq/lines.h"
#include "kernel/device.h"
#include "kernel/kernel.h"

#define COM1     0x3f8
#define COM1_IRQ 4

#define REG_DATA           (COM1 + 0) /* divisor, low byte, while DLAB is set */
#define REG_INTERRUPTS     (COM1 + 1) /* divisor, high byte */
#define REG_FIFO           (COM1 + 2) /* when written */
#define REG_IDENTIFICATION (COM1 + 2) /* when read */
#define REG_LINE           (COM1 + 3)
#define REG_MODEM          (COM1 + 4)
#define REG_LINE_STATUS    (COM1 + 5)
#define REG_SCRATCH        (COM1 + 7)

#define INTERRUPT_RECEIVED    0x01
#define INTERRUPT_SENT        0x02 /* the transmitter holds nothing */
#define FIFO_ENABLE           0x01
#define IDENTIFICATION_FIFO   0xc0
#define LINE_8N1              0x03
#define LINE_DLAB             0x80
#define MODEM_DTR_RTS_OUT2    0x0b /* OUT2 connects the interrupt on a PC */
#define LINE_STATUS_RECEIVED  0x01
#define LINE_STATUS_THR_EMPTY 0x20
#define DIVISOR_115200        1

#define FIFO_SIZE 16
#define THR_POLLS 100000 /* a full FIFO takes 1.4 ms, one port access at least 0.5 us */

#define INPUT_SIZE  256 /* powers of two */
#define OUTPUT_SIZE 4096

#define LOOK_AGAIN NSEC_PER_MSEC /* where no interrupt tells: a FIFO takes 1.4 ms */

static enum { PORT_UNKNOWN, PORT_ABSENT, PORT_READY } port;
static unsigned burst = 1; /* bytes that an empty transmitter takes at once */
static bool stalled;       /* the last wait was in vain: do not wait again until it moves */

/* Filled by the interrupt, emptied by read(): one writer for each index. */
static uint8_t input[INPUT_SIZE];
static volatile uint32_t input_head, input_tail;

/* Filled by write(), emptied with interrupts off: by the interrupt and by whoever is asked. */
static uint8_t output[OUTPUT_SIZE];
static volatile uint32_t output_head, output_tail;
static volatile bool held;    /* the receiver's interrupt is off: its bytes find no room */
static volatile bool awaited; /* somebody sleeps until there is room, or until all is out */

static size_t serial_room(struct console_device *c);
static void serial_write(struct console_device *c, const char *text, size_t len);
static bool serial_push(struct console_device *c, bool wait);
static size_t serial_read(struct console_device *c, char *to, size_t size);
static void wake(void *unused);
static void on_interrupt(void *unused);
static void on_timer(void *unused);

static struct console_device console = {
    .name = "ttyS0",
    .room = serial_room,
    .write = serial_write,
    .push = serial_push,
    .read = serial_read,
};
static struct irq_line *line; /* NULL: no interrupts, a timer looks instead */
static struct timer timer = {.fire = on_timer};
static struct deferred work = {.run = wake};
static struct irq_action action = {.handler = on_interrupt};

/* The scratch register keeps what is written; where no port is, nothing does. */
static bool
is_present(void)
{
    io_out8(REG_SCRATCH, 0x5a);
    if (io_in8(REG_SCRATCH) != 0x5a)
        return false;
    io_out8(REG_SCRATCH, 0xa5);
    return io_in8(REG_SCRATCH) == 0xa5;
}

static bool
has_fifos(void)
{
    return (io_in8(REG_IDENTIFICATION) & IDENTIFICATION_FIFO) == IDENTIFICATION_FIFO;
}

static void
set_up(void)
{
    if (!is_present()) {
        port = PORT_ABSENT;
        return;
    }
    io_out8(REG_INTERRUPTS, 0);
    io_out8(REG_LINE, LINE_DLAB | LINE_8N1);
    io_out8(REG_DATA, DIVISOR_115200);
    io_out8(REG_INTERRUPTS, 0);
    io_out8(REG_LINE, LINE_8N1);
    /* Switching the FIFOs on empties them, and a byte that waits is read to make room for the
     * next one of a host that has more: then they stay off, and cost a port access per byte. */
    if (has_fifos() || !(io_in8(REG_LINE_STATUS) & LINE_STATUS_RECEIVED))
        io_out8(REG_FIFO, FIFO_ENABLE);
    io_out8(REG_MODEM, MODEM_DTR_RTS_OUT2);
    if (has_fifos())
        burst = FIFO_SIZE;
    port = PORT_READY;
}

/* Set up on first use: the first to write may be the code that finds no memory map. */
static bool
is_ready(void)
{
    if (port == PORT_UNKNOWN)
        set_up();
    return port == PORT_READY;
}

static bool
wait_empty(void)
{
    for (unsigned polls = stalled ? 1 : THR_POLLS; polls; polls--) {
        if (io_in8(REG_LINE_STATUS) & LINE_STATUS_THR_EMPTY) {
            stalled = false;
            return true;
        }
    }
    stalled = true;
    return false;
}

/* Bytes of `text` that went out. */
static size_t
send(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (i % burst == 0 && !wait_empty())
            return i;
        io_out8(REG_DATA, (uint8_t)text[i]);
    }
    return len;
}

/* What a program wrote before comes first. */
static void
flush_ring(void)
{
    for (; output_tail != output_head; output_tail++) {
        char byte = (char)output[output_tail % OUTPUT_SIZE];
        if (send(&byte, 1) == 0)
            return;
    }
}

void
serial_early_write(const char *text, size_t len)
{
    if (!is_ready())
        return;
    flush_ring();
    for (size_t i = 0; i < len;) {
        size_t n = 0;
        while (i + n < len && text[i + n] != '\n')
            n++;
        send(text + i, n);
        i += n;
        if (i < len) {
            send("\r\n", 2);
            i++;
        }
    }
}

/* ---- output ---- */

/* Hand the transmitter what it takes at once. Interrupts are off, or this is their handler. */
static void
pump(void)
{
    while (output_tail != output_head && io_in8(REG_LINE_STATUS) & LINE_STATUS_THR_EMPTY)
        for (unsigned i = 0; i < burst && output_tail != output_head; i++, output_tail++)
            io_out8(REG_DATA, output[output_tail % OUTPUT_SIZE]);
}

static bool
input_is_full(void)
{
    return input_head - input_tail == INPUT_SIZE;
}

/* Each interrupt is on while there is something to do for it: an empty transmitter keeps its own
 * raised, and so does a byte that has to wait in the receiver, where it holds the host back. */
static void
pump_and_arm(void)
{
    pump();
    held = input_is_full();
    if (line)
        io_out8(REG_INTERRUPTS, (held ? 0 : INTERRUPT_RECEIVED) |
                                    (output_tail != output_head ? INTERRUPT_SENT : 0));
}

/* Bytes that are left. If more than `most` are, somebody is going to sleep; what empties the ring between the
 * look and the note of that would wake nobody, and no further interrupt would come. */
static size_t
pump_now(size_t most)
{
    bool on = platform->irq_save();

    pump_and_arm();
    size_t left = output_head - output_tail;
    if (left > most)
        awaited = true;
    platform->irq_restore(on);
    if (left > most && !line)
        timer_set(&timer, clock_now() + LOOK_AGAIN);
    return left;
}

/* Half a ring at once, so that a writer is not woken for every FIFO. */
static size_t
serial_room(struct console_device *c)
{
    (void)c;
    size_t left = pump_now(OUTPUT_SIZE / 2);
    return left > OUTPUT_SIZE / 2 ? 0 : OUTPUT_SIZE - left;
}

static void
serial_write(struct console_device *c, const char *text, size_t len)
{
    (void)c;
    for (size_t i = 0; i < len; i++)
        output[output_head++ % OUTPUT_SIZE] = (uint8_t)text[i];
}

static bool
serial_push(struct console_device *c, bool wait)
{
    (void)c;
    return pump_now(wait ? 0 : OUTPUT_SIZE) > 0;
}

static void
on_timer(void *unused)
{
    (void)unused;
    pump_now(0);
    wake(NULL);
}

/* ---- input, and the interrupt of both ---- */

static size_t
serial_read(struct console_device *c, char *to, size_t size)
{
    size_t n = 0;

    (void)c;
    for (; n < size && input_tail != input_head; input_tail++)
        to[n++] = (char)input[input_tail % INPUT_SIZE];
    if (held) /* looked at last: an interrupt may have filled the ring during the loop */
        pump_now(OUTPUT_SIZE);
    return n;
}

static void
wake(void *unused)
{
    (void)unused;
    wake_all(&console.changed);
}

/* Reading the data, or switching it off, ends one interrupt; filling the transmitter, or switching
 * that off, ends the other. */
static void
on_interrupt(void *unused)
{
    bool wanted = false;

    (void)unused;
    while (!input_is_full() && io_in8(REG_LINE_STATUS) & LINE_STATUS_RECEIVED) {
        input[input_head++ % INPUT_SIZE] = io_in8(REG_DATA);
        wanted = true;
    }
    pump_and_arm();
    if (awaited && output_head - output_tail <= OUTPUT_SIZE / 2) {
        awaited = output_tail != output_head;
        wanted = true;
    }
    if (wanted)
        defer_mark(&work);
}

void
serial_early_console(void)
{
    if (!is_ready())
        return;
    wait_queue_init(&console.changed);
    line = lines_isa(COM1_IRQ);
    if (line) {
        irq_attach(line, &action);
        io_out8(REG_INTERRUPTS, INTERRUPT_RECEIVED);
    } /* else nobody hears the keyboard */
    console_register(&console);
}
