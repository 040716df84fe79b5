/*
 * lwIP without a thread of its own: a thread that makes a socket call, or deferred work with a
 * frame or a timer, runs the stack right away on its own stack. core.h states the rule that makes
 * this safe.
 */
#include "lib/net/core.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lwip/init.h"
#include "lwip/timeouts.h"

static bool inside;

/* When lwIP's next timer is due on its own clock, and the kernel timer that stands for it. */
static uint32_t due_ms;
static bool due;
static struct timer timer;

/* The time of a turn: the clock is looked at once in it, if at all. */
static uint32_t now_ms;
static bool now_known;

u32_t
sys_now(void)
{
    if (!now_known || !inside)
        now_ms = (u32_t)(clock_now() / NSEC_PER_MSEC);
    now_known = inside;
    return now_ms;
}

void
net_core_enter(void)
{
    assert(!inside);
    inside = true;
    now_known = false;
}

void
net_core_check(void)
{
    assert(inside);
}

/* lwIP's next timer, which it shows for tests only. */
struct sys_timeo **sys_timeouts_get_next_timeout(void);

/* Any call may have made a timer that is due before the one armed. */
static void
set_timer(void)
{
    const struct sys_timeo *next = *sys_timeouts_get_next_timeout();

    if (!next || (due && next->time == due_ms))
        return;
    due = true;
    due_ms = next->time;
    timer_set(&timer, clock_now() + sys_timeouts_sleeptime() * NSEC_PER_MSEC);
}

/* Packets that the machine sends to itself come in soon, but not inside the call that sends them. */
static void
loop_back(void *unused)
{
    (void)unused;
    net_core_enter();
    netif_poll_all();
    net_core_leave();
}

static struct deferred loop_work = {.run = loop_back};

void
net_core_leave(void)
{
    struct netif *netif;

    assert(inside);
    NETIF_FOREACH(netif)
    {
        if (netif->loop_first)
            defer_mark(&loop_work);
    }
    net_cards_kick();
    set_timer();
    inside = false;
}

static void
timer_fired(void *unused)
{
    (void)unused;
    net_core_enter();
    due = false;
    sys_check_timeouts();
    net_core_leave();
}

void
net_core_init(void)
{
    net_memory_init();
    net_random_init();
    timer.fire = timer_fired;
    net_core_enter();
    lwip_init();
    if (net_refused_init())
        log_warn("net: no memory to hear of UDP ports that are closed");
    net_core_leave();
}
