/*
 * A guest that computes makes no exits, so nobody looks at the devices. This thread does, but
 * only then: a timer that counts the vCPU thread's processor time wakes it, and it polls the
 * descriptors and nudges the vCPU thread when one is ready. A guest that sleeps uses no
 * processor time, so the timer costs it no call at all; its HALT sends this thread back to
 * sleep by a single store.
 *
 * One nudge at a time: after it, the thread waits until the vCPU thread has served.
 */
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define TICK_SIGNAL SIGVTALRM
#define TICK_NS     1000000 /* of processor time; the kernel rounds up to its own tick */

enum { PARKED, WATCHING, NUDGED };

static _Atomic uint32_t state;             /* PARKED; the futex of NUDGED */
static struct pollfd set[DEVICE_POLL_MAX]; /* written by the vCPU thread while NUDGED */
static unsigned set_size;

static void
futex(int operation, uint32_t value)
{
    syscall(SYS_futex, &state, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void
set_state(uint32_t to)
{
    if (atomic_exchange(&state, to) == NUDGED)
        futex(FUTEX_WAKE, 1);
}

void
watch_park(void)
{
    if (atomic_load_explicit(&state, memory_order_relaxed) != PARKED)
        set_state(PARKED);
}

void
watch_served(void)
{
    if (atomic_load(&state) != NUDGED)
        return;
    set_size = device_poll_set(set);
    set_state(WATCHING);
}

static void
watch(void)
{
    sigset_t all_but_tick;
    sigfillset(&all_but_tick);
    sigdelset(&all_but_tick, TICK_SIGNAL);
    for (;;) {
        bool watching = atomic_load(&state) == WATCHING;
        bool tick = ppoll(set, watching ? set_size : 0, NULL, &all_but_tick) < 0;
        uint32_t expected = WATCHING;
        if (tick)
            atomic_store(&state, NUDGED);
        else if (!atomic_compare_exchange_strong(&state, &expected, NUDGED))
            continue;
        interrupt_nudge();
        while (atomic_load(&state) == NUDGED)
            futex(FUTEX_WAIT, NUDGED);
    }
}

static struct thread watcher = {.run = watch};

static void
tick(int signal)
{
    (void)signal; /* it ended the ppoll */
}

void
watch_setup(void)
{
    struct sigaction action = {.sa_handler = tick};
    sigaction(TICK_SIGNAL, &action, NULL);
    thread_start(&watcher);
}

void
watch_arm(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = TICK_SIGNAL};
    event._sigev_un._tid = watcher.id;
    struct itimerspec period = {{0, TICK_NS}, {0, TICK_NS}};
    if (syscall(SYS_timer_create, CLOCK_THREAD_CPUTIME_ID, &event, &timer) != 0 ||
        syscall(SYS_timer_settime, timer, 0, &period, NULL) != 0)
        die("cannot make a timer of processor time: %s", strerror(errno));
}
