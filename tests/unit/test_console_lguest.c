/*
 * The console on the original lguest with one CPU: the host's console is a process of its own,
 * which runs only while the guest sleeps. The clock of this machine stands still unless somebody
 * sleeps, so what the guest would wait for by looking never comes (checklist row 58).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/virtio.h"
#include "kernel/cmdline.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "model/lguest.h"
#include "shim.h"

#define QUEUE_OUT  1
#define BUFFER     4096 /* bytes that the driver gathers for one request */
#define TEXT       200000
#define TICK       (4 * NSEC_PER_MSEC) /* the host's */
#define FULL_AFTER (8 * BUFFER)

const char *
cmdline_word(const char *interface, const char *key)
{
    (void)interface, (void)key;
    return NULL;
}

void
cmdline_bad_value(const char *key, const char *value, const char *wanted)
{
    (void)key, (void)value, (void)wanted;
}

static char text[TEXT], screen[TEXT + 256];
static size_t shown;
static struct model *host;
static struct timer timer;

/* The console process gets the CPU for long enough to take one request. */
static void
serve_one(void *unused)
{
    struct model_chain c;

    (void)unused;
    if (model_pop(host, QUEUE_OUT, &c)) {
        shown += model_read(&c, 0, screen + shown, sizeof(screen) - shown);
        model_push(host, QUEUE_OUT, c.head, 0);
    }
    timer_set(&timer, shim_clock() + TICK);
}

static void
plug(void)
{
    host = model_new(&(struct model_setup){
        .bus = MODEL_LGUEST, .type = VIRTIO_ID_CONSOLE, .feature_len = 4, .nr_queues = 2});
    shim_discover();
    model_run();
    shim_clock_step(0);
    timer.fire = serve_one;
    timer_set(&timer, shim_clock() + TICK);
}

/* As the C library does it; how often it slept. */
static unsigned
write_all(void)
{
    unsigned sleeps = 0;
    size_t done = 0, n;

    for (; done < TEXT; done += n) {
        uint64_t before = shim_clock();
        n = console_write(text + done, TEXT - done, false);
        assert_int_equal(shim_clock(), before);
        if (n > 0)
            continue;
        assert_false(console_writable());
        assert_int_equal(wait_on(&console_current()->changed, TIME_NEVER), 0);
        sleeps++;
    }
    return sleeps;
}

/* Every byte, a sleep for each request at most, and no hypercall but one kick for each. */
static void
a_writer_sleeps_and_does_not_look(void **state)
{
    unsigned kicks, sleeps;

    (void)state;
    model_machine_reset();
    model_host_boot();
    for (size_t i = 0; i < TEXT; i++)
        text[i] = (char)('a' + i % 23);
    text[TEXT - 1] = '\n'; /* else the last line would come again behind the kernel's */
    plug();
    kicks = model_host.calls[LHCALL_NOTIFY];
    sleeps = write_all();
    assert_in_range(sleeps, (TEXT - FULL_AFTER) / FULL_AFTER, TEXT / BUFFER + 1);

    /* The end sleeps as well: neither the rest nor the last line is looked for. */
    console_drain();
    assert_int_equal(shown, TEXT + 1);
    console_line("exit: 0\n", 8);
    console_drain();
    console_finish();
    assert_int_equal(shown, TEXT + 10);
    assert_memory_equal(screen, text, TEXT - 1);
    assert_memory_equal(screen + TEXT - 1, "\r\nexit: 0\r\n", 11);
    assert_int_equal(console_current()->dropped, 0);
    assert_true(model_host.calls[LHCALL_NOTIFY] - kicks <= TEXT / BUFFER + 8);
    model_assert_clean();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_writer_sleeps_and_does_not_look)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
