/*
 * lwIP without a thread of its own. Its tcpip.c would hand every packet and every timer to
 * one; here a thread that makes a socket call, or deferred work with a frame or a timer, runs
 * the stack right away on its own stack. core.h states the rule that makes this safe. What is
 * left of tcpip.c's services, the call with a message and the callback, is below.
 */
#include "lib/net/core.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lwip/init.h"
#include "lwip/priv/tcpip_priv.h"
#include "lwip/timeouts.h"

int net_errno;

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

void
net_core_leave(void)
{
    assert(inside);
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

/* ---- what lwIP calls of tcpip.c ---- */

err_t
tcpip_send_msg_wait_sem(tcpip_callback_fn fn, void *message, sys_sem_t *sem)
{
    (void)sem;
    net_core_enter();
    fn(message);
    net_core_leave();
    return ERR_OK;
}

/* The loopback interface names it, but netif_poll() gets its packets to ip_input() itself. */
err_t
tcpip_input(struct pbuf *p, struct netif *netif)
{
    return netif_input(p, netif);
}

/*
 * Callbacks that run soon, but not inside the call that asks for them. Only netif.c asks, for
 * packets that an interface sends to itself, and has one outstanding for each interface; when
 * the list is full it asks again with the next packet.
 */
#define NR_CALLBACKS 32

static struct {
    tcpip_callback_fn fn;
    void *arg;
} callbacks[NR_CALLBACKS];
static unsigned nr_callbacks;

static void
run_callbacks(void *unused)
{
    unsigned n = nr_callbacks;

    (void)unused;
    net_core_enter();
    for (unsigned i = 0; i < n; i++)
        callbacks[i].fn(callbacks[i].arg);
    nr_callbacks -= n;
    for (unsigned i = 0; i < nr_callbacks; i++)
        callbacks[i] = callbacks[n + i];
    net_core_leave();
}

static struct deferred callback_work = {.run = run_callbacks};

err_t
tcpip_try_callback(tcpip_callback_fn fn, void *arg)
{
    if (nr_callbacks == NR_CALLBACKS)
        return ERR_MEM;
    callbacks[nr_callbacks].fn = fn;
    callbacks[nr_callbacks++].arg = arg;
    defer_mark(&callback_work);
    return ERR_OK;
}

/* ---- semaphores and mailboxes (arch/sys_arch.h) ---- */

err_t
sys_sem_new(sys_sem_t *sem, u8_t count)
{
    wait_queue_init(&sem->queue);
    sem->count = count;
    sem->valid = true;
    return ERR_OK;
}

void
sys_sem_signal(sys_sem_t *sem)
{
    sem->count++;
    wake_one(&sem->queue);
}

/* `timeout` in ms, 0 for ever. Only a close that must wait for memory, or lingers, comes here.
 */
u32_t
sys_arch_sem_wait(sys_sem_t *sem, u32_t timeout)
{
    uint64_t deadline = timeout ? clock_now() + timeout * NSEC_PER_MSEC : TIME_NEVER;

    assert(!inside);
    while (!sem->count)
        if (wait_on(&sem->queue, deadline) < 0 && !sem->count)
            return SYS_ARCH_TIMEOUT;
    sem->count--;
    return 0;
}

void
sys_sem_free(sys_sem_t *sem)
{
    sem->valid = false;
}

err_t
sys_mbox_new(sys_mbox_t *mbox, int size)
{
    mbox->ring = mbox->few;
    mbox->room = MIN((unsigned)size, SYS_MBOX_FEW);
    mbox->most = (unsigned)size;
    mbox->head = mbox->used = 0;
    return ERR_OK;
}

static void
free_ring(sys_mbox_t *mbox)
{
    if (mbox->ring != mbox->few)
        net_free(mbox->ring);
}

/* Twice the room, as long as it may become larger. */
static bool
grow(sys_mbox_t *mbox)
{
    unsigned room = MIN(2 * mbox->room, mbox->most);
    void **ring = room > mbox->room ? net_malloc(room * sizeof(*ring)) : NULL;

    if (!ring)
        return false;
    for (unsigned i = 0; i < mbox->used; i++)
        ring[i] = mbox->ring[(mbox->head + i) % mbox->room];
    free_ring(mbox);
    mbox->ring = ring;
    mbox->room = room;
    mbox->head = 0;
    return true;
}

err_t
sys_mbox_trypost(sys_mbox_t *mbox, void *message)
{
    if (mbox->used == mbox->room && !grow(mbox))
        return ERR_MEM;
    mbox->ring[(mbox->head + mbox->used++) % mbox->room] = message;
    return ERR_OK;
}

u32_t
sys_arch_mbox_tryfetch(sys_mbox_t *mbox, void **message)
{
    if (!mbox->used)
        return SYS_MBOX_EMPTY;
    *message = mbox->ring[mbox->head];
    mbox->head = (mbox->head + 1) % mbox->room;
    mbox->used--;
    return 0;
}

/* Sockets are non-blocking inside lwIP; a thread that came here would wait for ever. */
u32_t
sys_arch_mbox_fetch(sys_mbox_t *mbox, void **message, u32_t timeout)
{
    (void)timeout;
    assert(mbox->used);
    return sys_arch_mbox_tryfetch(mbox, message);
}

void
sys_mbox_free(sys_mbox_t *mbox)
{
    free_ring(mbox);
}

void
sys_init(void)
{
    net_random_init();
}

void
net_core_init(void)
{
    net_memory_init();
    timer.fire = timer_fired;
    net_core_enter();
    lwip_init();
    if (net_refused_init())
        log_warn("net: no memory to hear of UDP ports that are closed");
    net_core_leave();
}
