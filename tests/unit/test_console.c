/*
 * The virtio console and the console class above it, against the model: every byte that goes
 * out or comes in is compared, with hosts that do not read, lie about lengths or ask for a
 * reset in the middle (checklist rows 3, 9, 30, 31, 58, 59).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "drivers/virtio/virtio.h"
#include "kernel/cmdline.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "model/model.h"
#include "shim.h"
#include "slip.h"

#define QUEUE_IN  0
#define QUEUE_OUT 1
#define ROOM      (8 * 4096) /* bytes of the driver's output buffers */

/* ---- what the kernel would have ---- */

static const char *word; /* console= */
static char bad[128];

const char *
cmdline_word(const char *interface, const char *key)
{
    (void)interface;
    if (strcmp(key, "stdio") == 0)
        return NULL;
    assert_string_equal(key, "console");
    return word;
}

void
cmdline_bad_value(const char *key, const char *value, const char *wanted)
{
    snprintf(bad, sizeof(bad), "%s=%s (%s)", key, value, wanted);
}

/* ---- the host's side ---- */

static char screen[2 * ROOM + 1];
static size_t shown;
static char early[4096];
static size_t early_shown;

static void
serve(struct model *m, unsigned queue, void *arg)
{
    struct model_chain c;

    (void)arg;
    if (queue != QUEUE_OUT)
        return;
    while (model_pop(m, queue, &c)) {
        assert_int_equal(c.nr_in, 0);
        shown += model_read(&c, 0, screen + shown, sizeof(screen) - shown);
        model_push(m, queue, c.head, 0);
    }
}

static void
early_write(const char *text, size_t len)
{
    assert_true(early_shown + len <= sizeof(early));
    memcpy(early + early_shown, text, len);
    early_shown += len;
}

/* The test machine's platform with an early console. */
static struct platform machine;

static int
setup(void **state)
{
    (void)state;
    model_machine_reset();
    shim_clock_step(NSEC_PER_USEC);
    if (platform != &machine) {
        machine = *platform;
        machine.early_write = early_write;
        platform = &machine;
    }
    shown = early_shown = 0;
    memset(screen, 0, sizeof(screen));
    memset(early, 0, sizeof(early));
    word = NULL;
    bad[0] = '\0';
    return 0;
}

static struct model *
plug(uint64_t features, const struct virtio_console_config *config)
{
    static const struct virtio_console_config none;
    struct model *m = model_new(&(struct model_setup){
        .bus = MODEL_PCI_MODERN,
        .type = VIRTIO_ID_CONSOLE,
        .features = features,
        .config = config ? config : &none,
        .config_len = sizeof(none),
        .nr_queues = 4,
        .serve = serve,
    });
    shim_discover();
    model_run();
    return m;
}

/* The driver's structure begins with what it registers. */
static struct console_device *
console(void)
{
    return virtio_device_next(NULL)->driver_data;
}

/* The devices work while the clock is read; true if this one has not taken all by then. */
static bool
finish(void)
{
    bool busy = console()->push(console(), false);

    for (int i = 0; i < 100 && busy; i++) {
        clock_now();
        busy = console()->push(console(), false);
    }
    return busy;
}

static bool
out(const char *text)
{
    assert_true(console()->room(console()) >= strlen(text));
    console()->write(console(), text, strlen(text));
    return finish();
}

/* As many bytes as there is room for, until there is none; how many they were. */
static size_t
fill_room(const char *text, size_t len)
{
    size_t done = 0, n;

    while (done < len && (n = console()->room(console())) > 0) {
        n = MIN(n, len - done);
        console()->write(console(), text + done, n);
        finish();
        done += n;
    }
    return done;
}

static void
in(struct model *m, const char *text, uint32_t claimed)
{
    struct model_chain c;

    assert_true(model_pop(m, QUEUE_IN, &c));
    assert_int_equal(c.nr_out, 0);
    assert_int_equal(model_write(&c, 0, text, strlen(text)), strlen(text));
    model_push(m, QUEUE_IN, c.head, claimed);
}

/* ---- output ---- */

/* The first test: no console has been registered yet. */
static void
before_any_console_output_is_early(void **state)
{
    (void)state;
    assert_null(console_current());
    assert_int_equal(console_write("early\n", 6, false), 6);
    assert_string_equal(early, "early\n");
}

static void
output_is_on_its_way_after_a_push(void **state)
{
    (void)state;
    plug(0, NULL);
    assert_false(out("one "));
    assert_string_equal(screen, "one ");
    assert_false(out("two"));
    assert_string_equal(screen, "one two");
    assert_int_equal(console()->dropped, 0);
    model_assert_clean();
}

static char pattern[2 * ROOM];

static void
make_pattern(void)
{
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = (char)(i * 7 + i / 251);
}

static void
long_output_keeps_its_order(void **state)
{
    (void)state;
    plug(0, NULL);
    make_pattern();
    assert_int_equal(fill_room(pattern, sizeof(pattern)), sizeof(pattern));
    assert_int_equal(shown, sizeof(pattern));
    assert_memory_equal(screen, pattern, sizeof(pattern));
    model_assert_clean();
}

static struct model *late_model;

static void
serve_late(void *unused)
{
    (void)unused;
    model_lie(late_model, &(struct model_lies){.never_serve = false});
    serve(late_model, QUEUE_OUT, NULL);
}

/* A host that pauses: what there is room for is kept, the rest is told, and whoever sleeps is
 * woken by the device's interrupt, not by a look. */
static void
a_pausing_host_loses_nothing(void **state)
{
    static struct timer timer = {.fire = serve_late};
    size_t done;

    (void)state;
    late_model = plug(0, NULL);
    make_pattern();
    model_lie(late_model, &(struct model_lies){.never_serve = true});
    done = fill_room(pattern, sizeof(pattern));
    assert_int_equal(done, ROOM);
    assert_int_equal(console()->room(console()), 0);
    assert_true(console()->push(console(), true));
    assert_int_equal(shown, 0);
    timer_set(&timer, clock_now() + 5 * NSEC_PER_SEC);
    assert_int_equal(wait_on(&console()->changed, clock_now() + 10 * NSEC_PER_SEC), 0);
    assert_int_equal(fill_room(pattern + done, sizeof(pattern) - done), sizeof(pattern) - done);
    assert_int_equal(shown, sizeof(pattern));
    assert_memory_equal(screen, pattern, sizeof(pattern));
    assert_false(console()->push(console(), true));
    model_assert_clean();
}

/* The last of it: push() says that the host has not taken it, and its taking wakes. */
static void
the_end_of_output_is_awaited(void **state)
{
    static struct timer timer = {.fire = serve_late};

    (void)state;
    late_model = plug(0, NULL);
    model_lie(late_model, &(struct model_lies){.never_serve = true});
    assert_true(out("last words"));
    assert_true(console()->push(console(), true));
    timer_set(&timer, clock_now() + NSEC_PER_SEC);
    assert_int_equal(wait_on(&console()->changed, clock_now() + 10 * NSEC_PER_SEC), 0);
    assert_false(console()->push(console(), true));
    assert_string_equal(screen, "last words");
}

static void
output_taken_quietly(void)
{
    struct model_chain c;

    assert_true(model_pop(late_model, QUEUE_OUT, &c));
    model_push_quietly(late_model, QUEUE_OUT, c.head, 0);
}

/* What the device takes just before it is asked for an interrupt is found by the look after. */
static void
output_that_slips_in_is_found(void **state)
{
    (void)state;
    late_model = plug(0, NULL);
    model_lie(late_model, &(struct model_lies){.never_serve = true});
    assert_true(out("quiet"));
    slip(virtio_device_next(NULL)->queues[QUEUE_OUT], output_taken_quietly);
    assert_false(console()->push(console(), true));
}

/* ---- output of a panic in the middle of output ---- */

static char emergency[64];
static unsigned nested;
static const struct virtio_transport *real;

static void
panic_in_notify(struct virtio_device *v, struct virtqueue *q)
{
    if (nested++ == 0)
        out("PANIC");
    real->notify(v, q);
}

static void
emergency_write(struct virtio_device *v, size_t offset, uint32_t value)
{
    assert_int_equal(offset, offsetof(struct virtio_console_config, emerg_wr));
    emergency[strlen(emergency)] = (char)value;
    real->config_write32(v, offset, value);
}

static void
interrupt_a_write(uint64_t features)
{
    static struct virtio_transport between;
    struct virtio_device *v;

    plug(features, NULL);
    v = virtio_device_next(NULL);
    real = v->transport;
    between = *real;
    between.notify = panic_in_notify;
    between.config_write32 = emergency_write;
    v->transport = &between;
    nested = 0;
    memset(emergency, 0, sizeof(emergency));
    out("normal");
    v->transport = real;
    assert_true(nested > 0);
    assert_string_equal(screen, "normal");
    model_assert_clean();
}

static void
panic_inside_a_write_goes_to_the_emergency_register(void **state)
{
    (void)state;
    interrupt_a_write(BIT(VIRTIO_CONSOLE_F_EMERG_WRITE));
    assert_string_equal(emergency, "PANIC");
    assert_int_equal(early_shown, 0);
}

static void
panic_inside_a_write_goes_to_the_early_console(void **state)
{
    (void)state;
    interrupt_a_write(0);
    assert_string_equal(early, "PANIC");
    assert_string_equal(emergency, "");
}

static void
panic_with_interrupts_off_is_read_by_the_host(void **state)
{
    bool on;

    (void)state;
    plug(0, NULL);
    on = platform->irq_save();
    out("off");
    platform->irq_restore(on);
    assert_string_equal(screen, "off");
}

static void
a_broken_queue_leaves_the_early_console(void **state)
{
    struct model *m;

    (void)state;
    m = plug(0, NULL);
    model_push(m, QUEUE_OUT, 12345, 0);
    out("first");
    out("second");
    assert_true(early_shown >= 6);
    assert_string_equal(early + early_shown - 6, "second");
}

/* ---- input ---- */

static void
input_arrives_in_order_and_buffers_go_back(void **state)
{
    char text[64] = "";
    struct model *m;
    unsigned posted;

    (void)state;
    m = plug(0, NULL);
    posted = model_waiting(m, QUEUE_IN);
    assert_true(posted >= 2);
    assert_int_equal(console()->read(console(), text, sizeof(text)), 0);
    in(m, "abc", 3);
    in(m, "defg", 4);
    model_run();
    assert_int_equal(console()->read(console(), text, 2), 2);
    assert_int_equal(console()->read(console(), text + 2, 3), 3);
    assert_int_equal(console()->read(console(), text + 5, sizeof(text) - 5), 2);
    assert_string_equal(text, "abcdefg");
    assert_int_equal(model_waiting(m, QUEUE_IN), posted);
    model_assert_clean();
}

static struct model *slip_model;

static void
input_quietly(void)
{
    struct model_chain c;

    assert_true(model_pop(slip_model, QUEUE_IN, &c));
    model_write(&c, 0, "", 1);
    model_push_quietly(slip_model, QUEUE_IN, c.head, 0);
}

/* Seen by its empty buffer, which only the driver's own look can have posted again. */
static void
input_that_slips_in_is_found(void **state)
{
    unsigned posted;

    (void)state;
    slip_model = plug(0, NULL);
    posted = model_waiting(slip_model, QUEUE_IN);
    slip(virtio_device_next(NULL)->queues[QUEUE_IN], input_quietly);
    in(slip_model, "", 0);
    model_run();
    assert_int_equal(model_waiting(slip_model, QUEUE_IN), posted);
}

static void
input_works_without_any_interrupt(void **state)
{
    char text[8] = "";
    struct model_chain c;
    struct model *m;

    (void)state;
    m = plug(0, NULL);
    assert_true(model_pop(m, QUEUE_IN, &c));
    model_write(&c, 0, "poll", 4);
    model_push_quietly(m, QUEUE_IN, c.head, 4);
    assert_int_equal(console()->read(console(), text, sizeof(text)), 4);
    assert_string_equal(text, "poll");
}

static void
empty_buffers_are_posted_again(void **state)
{
    char text[8] = "";
    struct model *m;
    unsigned posted;

    (void)state;
    m = plug(0, NULL);
    posted = model_waiting(m, QUEUE_IN);
    for (unsigned i = 0; i < 100; i++) {
        in(m, "", 0);
        model_run();
    }
    assert_int_equal(model_waiting(m, QUEUE_IN), posted);
    in(m, "k", 1);
    model_run();
    assert_int_equal(console()->read(console(), text, sizeof(text)), 1);
    assert_string_equal(text, "k");
}

/* Held back by us, not lost: the host gets room as the reader makes it. */
static void
unread_input_holds_the_host_back(void **state)
{
    char text[64] = "";
    struct model *m;
    unsigned posted;

    (void)state;
    m = plug(0, NULL);
    posted = model_waiting(m, QUEUE_IN);
    for (unsigned i = 0; i < posted; i++)
        in(m, "12", 2);
    model_run();
    assert_int_equal(model_waiting(m, QUEUE_IN), 0);
    assert_int_equal(console()->read(console(), text, 3), 3);
    assert_int_equal(model_waiting(m, QUEUE_IN), 1);
    assert_int_equal(console()->read(console(), text + 3, sizeof(text) - 3), 2 * posted - 3);
    assert_int_equal(model_waiting(m, QUEUE_IN), posted);
    assert_memory_equal(text, "1212121212", 10);
}

static void
a_length_beyond_the_buffer_is_cut(void **state)
{
    static char text[70000];
    struct model *m;
    struct model_chain c;
    size_t offered;

    (void)state;
    m = plug(0, NULL);
    assert_true(model_pop(m, QUEUE_IN, &c));
    offered = model_writable(&c);
    model_push(m, QUEUE_IN, c.head, 60000);
    model_run();
    assert_int_equal(console()->read(console(), text, sizeof(text)), offered);
}

static void
a_reader_is_woken(void **state)
{
    struct model *m;

    (void)state;
    m = plug(0, NULL);
    in(m, "x", 1);
    assert_int_equal(wait_on(&console()->changed, clock_now() + NSEC_PER_SEC), 0);
}

/* ---- features and configuration ---- */

static void
multiport_is_not_taken_and_two_queues_suffice(void **state)
{
    struct model *m;

    (void)state;
    m = plug(BIT(VIRTIO_CONSOLE_F_MULTIPORT) | BIT(VIRTIO_CONSOLE_F_SIZE), NULL);
    assert_false(model_accepted(m) & BIT(VIRTIO_CONSOLE_F_MULTIPORT));
    assert_true(model_queue_enabled(m, QUEUE_IN));
    assert_true(model_queue_enabled(m, QUEUE_OUT));
    assert_false(model_queue_enabled(m, 2));
    assert_false(model_queue_enabled(m, 3));
    out("works");
    assert_string_equal(screen, "works");
    model_assert_clean();
}

static void
size_is_read_only_where_it_is_offered(void **state)
{
    const struct virtio_console_config config = {.cols = 80, .rows = 25};

    (void)state;
    plug(0, &config);
    assert_int_equal(console()->columns, 0);
    assert_int_equal(console()->rows, 0);
    model_assert_clean();

    model_machine_reset();
    plug(BIT(VIRTIO_CONSOLE_F_SIZE), &config);
    assert_int_equal(console()->columns, 80);
    assert_int_equal(console()->rows, 25);
    model_assert_clean();
}

static void
a_new_size_wakes_the_reader(void **state)
{
    const struct virtio_console_config config = {.cols = 80, .rows = 25};
    const uint16_t size[] = {132, 50};
    struct model *m;

    (void)state;
    m = plug(BIT(VIRTIO_CONSOLE_F_SIZE), &config);
    model_config_set(m, 0, size, sizeof(size));
    assert_int_equal(wait_on(&console()->changed, clock_now() + NSEC_PER_SEC), 0);
    assert_int_equal(console()->columns, 132);
    assert_int_equal(console()->rows, 50);
}

/* ---- resets ---- */

static void
a_reset_keeps_input_and_posts_the_rest_again(void **state)
{
    char text[8] = "";
    struct model *m;
    unsigned posted;

    (void)state;
    m = plug(0, NULL);
    posted = model_waiting(m, QUEUE_IN);
    in(m, "kept", 4);
    model_run();
    model_needs_reset(m);
    model_run();
    assert_int_equal(model_resets(m), 2);
    assert_int_equal(model_waiting(m, QUEUE_IN), posted - 1);
    assert_int_equal(console()->read(console(), text, sizeof(text)), 4);
    assert_string_equal(text, "kept");
    assert_int_equal(model_waiting(m, QUEUE_IN), posted);
    out("again");
    assert_string_equal(screen, "again");
    model_assert_clean();
}

static void
a_reset_sends_unread_output_again(void **state)
{
    struct model *m;

    (void)state;
    m = plug(0, NULL);
    make_pattern();
    model_lie(m, &(struct model_lies){.never_serve = true});
    assert_int_equal(fill_room(pattern, sizeof(pattern)), ROOM);
    model_lie(m, &(struct model_lies){.never_serve = false});
    model_needs_reset(m);
    model_run();
    assert_int_equal(fill_room(pattern + ROOM, sizeof(pattern) - ROOM), sizeof(pattern) - ROOM);
    assert_int_equal(shown, sizeof(pattern));
    assert_memory_equal(screen, pattern, sizeof(pattern));
    assert_int_equal(console()->dropped, 0);
}

static void
one_without_memory_is_refused(void **state)
{
    (void)state;
    for (int n = 0; n < 6; n++) {
        model_machine_reset();
        shim_memory_fail_after(n);
        struct model *m = plug(0, NULL);
        shim_memory_fail_after(-1);
        /* Without memory for it the bus does not even report the device. */
        if (!virtio_device_next(NULL))
            continue;
        assert_int_equal(!!(model_status(m) & VIRTIO_STATUS_FAILED),
                         !(model_status(m) & VIRTIO_STATUS_DRIVER_OK));
        if (console())
            out("never hangs");
        model_assert_clean();
    }
}

/* ---- the class ---- */

ENLIST_DECLARE(init);

static char seen[4096];
static size_t seen_len;

static size_t room_left = SIZE_MAX;

static size_t
see_room(struct console_device *c)
{
    (void)c;
    return room_left;
}

static void
see(struct console_device *c, const char *text, size_t len)
{
    (void)c;
    assert_true(len <= room_left && seen_len + len <= sizeof(seen));
    if (room_left != SIZE_MAX)
        room_left -= len;
    memcpy(seen + seen_len, text, len);
    seen_len += len;
}

static bool
see_push(struct console_device *c, bool wait)
{
    (void)c, (void)wait;
    return room_left == 0;
}

static void
enter(struct console_device *c)
{
    wait_queue_init(&c->changed);
    console_register(c);
}

/* The current console is one that this file plays. */
static void
play_console(void)
{
    static struct console_device played = {
        .name = "played", .rank = 1000, .room = see_room, .write = see, .push = see_push};

    if (console_current() != &played)
        enter(&played);
    room_left = SIZE_MAX;
    seen_len = 0;
}

static void
choice_is_by_rank_unless_named(void **state)
{
    static struct console_device low = {
        .name = "ttyS0", .rank = 100, .room = see_room, .write = see, .push = see_push};
    static struct console_device high = {
        .name = "hvc9", .rank = 200, .room = see_room, .write = see, .push = see_push};
    static struct console_device named = {
        .name = "ttyS1", .rank = 1, .room = see_room, .write = see, .push = see_push};
    static struct console_device late = {
        .name = "hvc10", .rank = 300, .room = see_room, .write = see, .push = see_push};

    (void)state;
    enter(&low);
    assert_ptr_equal(console_current(), &low);
    enter(&high);
    assert_ptr_equal(console_current(), &high);
    word = "ttyS1";
    enter(&named);
    assert_ptr_equal(console_current(), &named);
    enter(&late);
    assert_ptr_equal(console_current(), &named);

    /* A name that nobody has, and one too many for the line: said, and no more. */
    word = "nobody";
    ENLIST_FOREACH(init, const struct init_hook, hook)
        hook->run();
    assert_non_null(strstr(bad, "console=nobody (hvc0 or hvc1"));
    bad[0] = '\0';
    word = "ttyS1";
    ENLIST_FOREACH(init, const struct init_hook, hook)
        hook->run();
    assert_string_equal(bad, "");
}

/* All lengths around the chunk and all positions of the newline around its end. */
static void
newlines_become_two_characters(void **state)
{
    (void)state;
    for (size_t len = 250; len <= 260; len++) {
        for (size_t at = 0; at < len; at++) {
            char text[300], expected[300];
            memset(text, 'a', len);
            text[at] = '\n';
            memset(expected, 'a', len + 1);
            expected[at] = '\r';
            expected[at + 1] = '\n';
            seen_len = 0;
            assert_int_equal(console_write(text, len, false), len);
            assert_int_equal(seen_len, len + 1);
            assert_memory_equal(seen, expected, len + 1);
        }
    }
    memset(seen, 0, sizeof(seen));
    seen_len = 0;
    console_write("\n\n\n", 3, false);
    assert_string_equal(seen, "\r\n\r\n\r\n");
}

static void
expect_seen(const char *text)
{
    assert_int_equal(seen_len, strlen(text));
    assert_memory_equal(seen, text, seen_len);
    seen_len = 0;
}

/* What a program had on the unfinished line follows the kernel's lines, once, whether it goes on
 * writing or not. */
static void
kernel_lines_stand_by_themselves(void **state)
{
    static const struct {
        const char *written, *first, *again;
    } cases[] = {
        {"> ab", "\r\n", "> ab"},
        {"abc\n> ab", "\r\n", "> ab"},
        {"> ab\r> aXb\033[K\033[1D", "\r\n", "> aXb\033[K\033[1D"},
        {"half\r", "\r\n", ""},
        {"whole\n", "", ""},
        {"whole\n\r", "", ""},
    };
    char expected[64];

    (void)state;
    for (unsigned i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
        const char *written = cases[i / 2].written, *again = cases[i / 2].again;
        bool raw = i % 2;
        console_write(written, strlen(written), raw);
        seen_len = 0;
        console_line("one\n", 4);
        console_line("two\n", 4);
        snprintf(expected, sizeof(expected), "%sone\r\ntwo\r\n", cases[i / 2].first);
        expect_seen(expected);
        if (!raw) {
            defer_run();
            expect_seen(again);
        }
        console_write("c\n", 2, false);
        snprintf(expected, sizeof(expected), "%sc\r\n", raw ? again : "");
        expect_seen(expected);
        defer_run();
        expect_seen("");
    }
}

/* Of a line longer than any person types the beginning is put back. */
static void
long_unfinished_lines_are_cut(void **state)
{
    char text[1000];

    (void)state;
    memset(text, 'x', sizeof(text));
    console_write(text, sizeof(text), true);
    seen_len = 0;
    console_line("line\n", 5);
    defer_run();
    assert_in_range(seen_len, 8 + 100, 8 + sizeof(text));
    assert_memory_equal(seen, "\r\nline\r\nxxx", 11);
    seen_len = 0;
    console_write("\n", 1, false);
    expect_seen("\r\n");
}

/* The kernel's own lines wait once, for half a second; how much is left out is told when there
 * is room again, and a program's output is never taken and dropped. */
static void
a_host_that_does_not_read_costs_one_bounded_wait(void **state)
{
    uint64_t begin, dropped;

    (void)state;
    play_console();
    dropped = console_current()->dropped;
    room_left = 10;
    begin = clock_now();
    console_line("twenty characters..\n", 20);
    assert_in_range(clock_now() - begin, 400 * NSEC_PER_MSEC, NSEC_PER_SEC);
    expect_seen("twenty cha");
    assert_int_equal(console_current()->dropped - dropped, 10);

    /* From the second line on nothing waits. */
    begin = clock_now();
    for (int i = 0; i < 100; i++)
        console_line("x\n", 2);
    assert_true(clock_now() - begin <= 10 * NSEC_PER_MSEC);
    assert_int_equal(console_current()->dropped - dropped, 210);
    assert_int_equal(console_write("program", 7, false), 0);
    assert_false(console_writable());
    assert_int_equal(console_current()->dropped - dropped, 210);

    room_left = 1000;
    assert_true(console_writable());
    console_line("back\n", 5);
    assert_memory_equal(seen, "played: 210 bytes of the log were left out\r\nback\r\n",
                        seen_len);
    seen_len = 0;
    console_line("more\n", 5);
    expect_seen("more\r\n");
    room_left = SIZE_MAX;
}

/* A text is cut where the room ends, never inside of "\r\n". */
static void
room_is_never_overrun(void **state)
{
    static const char text[] = "ab\ncd\n\nef\n";
    static const char cooked[] = "ab\r\ncd\r\n\r\nef\r\n";

    (void)state;
    play_console();
    for (size_t room = 0; room < sizeof(cooked); room++) {
        size_t done = 0;
        seen_len = 0;
        while (done < strlen(text)) {
            room_left = room;
            size_t n = console_write(text + done, strlen(text) - done, false);
            done += n;
            if (n == 0)
                room_left = 2; /* not a byte, or half of a newline */
            if (n == 0)
                done += console_write(text + done, 1, false);
        }
        assert_int_equal(seen_len, strlen(cooked));
        assert_memory_equal(seen, cooked, seen_len);
    }
    room_left = SIZE_MAX;
}

static void
a_clock_that_stands_still_does_not_hang_output(void **state)
{
    (void)state;
    play_console();
    shim_clock_step(0);
    room_left = 0;
    console_line("lost in time\n", 13);
    console_finish();
    room_left = SIZE_MAX;
}

/* Last: the console is closed for programs then. */
static void
the_end_waits_as_long_as_something_is_taken(void **state)
{
    uint64_t begin = clock_now();

    (void)state;
    play_console();
    room_left = 0;
    console_drain();
    assert_in_range(clock_now() - begin, CONSOLE_PATIENCE, 2 * CONSOLE_PATIENCE);
    assert_non_null(strstr(early, "its last output is lost"));
    room_left = SIZE_MAX;
    console_drain();
    assert_int_equal(console_write("too late", 8, false), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(before_any_console_output_is_early, setup),
        cmocka_unit_test_setup(output_is_on_its_way_after_a_push, setup),
        cmocka_unit_test_setup(long_output_keeps_its_order, setup),
        cmocka_unit_test_setup(a_pausing_host_loses_nothing, setup),
        cmocka_unit_test_setup(the_end_of_output_is_awaited, setup),
        cmocka_unit_test_setup(output_that_slips_in_is_found, setup),
        cmocka_unit_test_setup(panic_inside_a_write_goes_to_the_emergency_register, setup),
        cmocka_unit_test_setup(panic_inside_a_write_goes_to_the_early_console, setup),
        cmocka_unit_test_setup(panic_with_interrupts_off_is_read_by_the_host, setup),
        cmocka_unit_test_setup(a_broken_queue_leaves_the_early_console, setup),
        cmocka_unit_test_setup(input_arrives_in_order_and_buffers_go_back, setup),
        cmocka_unit_test_setup(input_that_slips_in_is_found, setup),
        cmocka_unit_test_setup(input_works_without_any_interrupt, setup),
        cmocka_unit_test_setup(empty_buffers_are_posted_again, setup),
        cmocka_unit_test_setup(unread_input_holds_the_host_back, setup),
        cmocka_unit_test_setup(a_length_beyond_the_buffer_is_cut, setup),
        cmocka_unit_test_setup(a_reader_is_woken, setup),
        cmocka_unit_test_setup(multiport_is_not_taken_and_two_queues_suffice, setup),
        cmocka_unit_test_setup(size_is_read_only_where_it_is_offered, setup),
        cmocka_unit_test_setup(a_new_size_wakes_the_reader, setup),
        cmocka_unit_test_setup(a_reset_keeps_input_and_posts_the_rest_again, setup),
        cmocka_unit_test_setup(a_reset_sends_unread_output_again, setup),
        cmocka_unit_test_setup(one_without_memory_is_refused, setup),
        cmocka_unit_test_setup(choice_is_by_rank_unless_named, setup),
        cmocka_unit_test_setup(newlines_become_two_characters, setup),
        cmocka_unit_test_setup(kernel_lines_stand_by_themselves, setup),
        cmocka_unit_test_setup(long_unfinished_lines_are_cut, setup),
        cmocka_unit_test_setup(room_is_never_overrun, setup),
        cmocka_unit_test_setup(a_host_that_does_not_read_costs_one_bounded_wait, setup),
        cmocka_unit_test_setup(a_clock_that_stands_still_does_not_hang_output, setup),
        cmocka_unit_test_setup(the_end_waits_as_long_as_something_is_taken, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
