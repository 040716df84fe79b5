/*
 * Futexes: a thread that finds a lock taken sleeps on the address of the lock's word. System
 * calls are not preempted, so the word cannot change between the look at it and the sleep. Sleepers
 * are kept in one list in the order of coming; there are as many as blocked threads, few
 * enough to walk.
 *
 * Waking is no known point (syscall.h): unlock calls it, also inside malloc and stdio.
 */
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/abi.h"
#include "lib/libc/clock.h"
#include "lib/libc/futex.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

struct sleeper {
    struct list link; /* on no list once it was woken */
    const uint32_t *word;
    uint32_t bits; /* a wake-up with one of them is for it */
    struct wait_queue queue;
};

#define ANY   UINT32_MAX
#define FLAGS (ABI_FUTEX_PRIVATE | ABI_FUTEX_CLOCK_REALTIME)

static struct list sleepers = LIST_INIT(sleepers);

static long
futex_wait(const uint32_t *word, uint32_t value, uint32_t bits, uint64_t deadline)
{
    struct sleeper self = {.word = word, .bits = bits};
    int result = 0;

    if (*(const volatile uint32_t *)word != value)
        return -EAGAIN;
    wait_queue_init(&self.queue);
    list_append(&sleepers, &self.link);
    while (!list_empty(&self.link) && result == 0)
        result = signal_wait_on(&self.queue, deadline);
    if (list_empty(&self.link))
        return 0;
    list_remove(&self.link);
    return result;
}

/* Up to `wake` sleepers of `word` are woken, up to `move` further ones sleep on `to` from now
 * on; "all" is INT_MAX for either. How many were either. */
static long
wake_and_move(const uint32_t *word, uint32_t bits, long wake, const uint32_t *to, long move)
{
    struct list *next;
    long woken = 0, moved = 0;

    for (struct list *at = sleepers.next; at != &sleepers; at = next) {
        struct sleeper *s = container_of(at, struct sleeper, link);
        next = at->next;
        if (s->word != word || !(s->bits & bits))
            continue;
        if (woken < wake) {
            woken++;
            list_remove(&s->link);
            wake_all(&s->queue);
        } else if (moved < move) {
            moved++;
            s->word = to;
        } else {
            break;
        }
    }
    return woken + moved;
}

long
futex_wake(const uint32_t *word, long count)
{
    return wake_and_move(word, ANY, count, NULL, 0);
}

static long
futex(const uint32_t *word, int operation, int value, uint64_t deadline, long count,
      const uint32_t *second, uint32_t expected)
{
    switch (operation & ~FLAGS) {
    case ABI_FUTEX_WAIT:
        return futex_wait(word, (uint32_t)value, ANY, deadline);
    case ABI_FUTEX_WAIT_BITSET:
        return expected ? futex_wait(word, (uint32_t)value, expected, deadline) : -EINVAL;
    case ABI_FUTEX_WAKE:
        return futex_wake(word, MAX(value, 0));
    case ABI_FUTEX_WAKE_BITSET:
        return expected ? wake_and_move(word, expected, MAX(value, 0), NULL, 0) : -EINVAL;
    case ABI_FUTEX_CMP_REQUEUE:
        if (*(const volatile uint32_t *)word != expected)
            return -EAGAIN;
        /* fallthrough */
    case ABI_FUTEX_REQUEUE:
        return wake_and_move(word, ANY, MAX(value, 0), second, MAX(count, 0));
    default:
        return -ENOSYS; /* priority inheritance: musl then says that it has none */
    }
}

/* The fourth word is a time-out for those who wait and a count for the others. That of WAIT_BITSET is
 * a time of a clock. */
static int
time_out(int operation, const struct abi_timespec64 *span, uint64_t *deadline)
{
    bool at = (operation & ~FLAGS) == ABI_FUTEX_WAIT_BITSET;

    *deadline = TIME_NEVER;
    if (!span)
        return 0;
    if (!at)
        return clock_deadline64(span, deadline);
    int error = clock_span(span->sec, span->nsec, deadline);
    if (!error && *deadline != TIME_NEVER && (operation & ABI_FUTEX_CLOCK_REALTIME))
        *deadline -= MIN(*deadline, platform->wall_base());
    return error;
}

static bool
waits(int operation)
{
    operation &= ~FLAGS;
    return operation == ABI_FUTEX_WAIT || operation == ABI_FUTEX_WAIT_BITSET;
}

SYSCALL(240, futex, const uint32_t *word, int operation, int value, long fourth,
        const uint32_t *second, uint32_t expected)
{
    const struct abi_timespec32 *narrow = (const struct abi_timespec32 *)fourth;
    struct abi_timespec64 span;
    uint64_t deadline = TIME_NEVER;
    bool timed = waits(operation) && narrow;

    if (timed)
        span = (struct abi_timespec64){narrow->sec, narrow->nsec, 0};
    int error = time_out(operation, timed ? &span : NULL, &deadline);
    return error ? error : futex(word, operation, value, deadline, fourth, second, expected);
}

SYSCALL(422, futex_time64, const uint32_t *word, int operation, int value, long fourth,
        const uint32_t *second, uint32_t expected)
{
    uint64_t deadline = TIME_NEVER;
    int error = waits(operation)
                    ? time_out(operation, (const struct abi_timespec64 *)fourth, &deadline)
                    : 0;

    return error ? error : futex(word, operation, value, deadline, fourth, second, expected);
}
