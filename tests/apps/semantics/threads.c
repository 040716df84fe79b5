/* Threads: their ends, what they wait on, what they keep for themselves. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <fenv.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "network.h"
#include "show.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_key_t key;
static sem_t sem;
static int turns, ended;

static struct timespec
past(void)
{
    return (struct timespec){1, 0};
}

static struct timespec
soon(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_nsec += 5000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

static void *
give_back(void *arg)
{
    return arg;
}

static void *
leave_early(void *arg)
{
    pthread_exit(arg);
}

static void
ends_of_threads(void)
{
    pthread_attr_t attributes;
    pthread_t thread;
    void *result;

    SHOW_CODE(pthread_create(&thread, NULL, give_back, &turns));
    SHOW_CODE(pthread_join(thread, &result));
    SHOW_TRUTH(result == &turns);
    SHOW_CODE(pthread_create(&thread, NULL, leave_early, &ended));
    SHOW_CODE(pthread_join(thread, &result));
    SHOW_TRUTH(result == &ended);
    SHOW_CODE(pthread_attr_init(&attributes));
    SHOW_CODE(pthread_attr_setstacksize(&attributes, 100));
    SHOW_CODE(pthread_attr_setdetachstate(&attributes, 77));
    SHOW_CODE(pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED));
    SHOW_CODE(pthread_create(&thread, &attributes, give_back, NULL));
    SHOW_CODE(pthread_attr_destroy(&attributes));
    SHOW_TRUTH(pthread_equal(pthread_self(), pthread_self()));
    SHOW_CODE(pthread_setname_np(pthread_self(), "a name of more than 15"));
    SHOW_CODE(pthread_setname_np(pthread_self(), "short"));
}

static void
mutexes(void)
{
    struct timespec then = past(), bad = {0, -1};
    pthread_mutexattr_t attributes;
    pthread_mutex_t checked;

    SHOW_CODE(pthread_mutex_lock(&mutex));
    SHOW_CODE(pthread_mutex_trylock(&mutex));
    SHOW_CODE(pthread_mutex_timedlock(&mutex, &then));
    SHOW_CODE(pthread_mutex_timedlock(&mutex, &bad));
    then = soon();
    SHOW_CODE(pthread_mutex_timedlock(&mutex, &then));
    SHOW_CODE(pthread_mutex_unlock(&mutex));
    SHOW_CODE(pthread_mutexattr_init(&attributes));
    SHOW_CODE(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK));
    SHOW_CODE(pthread_mutex_init(&checked, &attributes));
    SHOW_CODE(pthread_mutex_unlock(&checked));
    SHOW_CODE(pthread_mutex_lock(&checked));
    SHOW_CODE(pthread_mutex_lock(&checked));
    SHOW_CODE(pthread_mutex_unlock(&checked));
    SHOW_CODE(pthread_mutex_unlock(&checked));
    SHOW_CODE(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE));
    SHOW_CODE(pthread_mutex_init(&checked, &attributes));
    SHOW_CODE(pthread_mutex_lock(&checked));
    SHOW_CODE(pthread_mutex_lock(&checked));
    SHOW_CODE(pthread_mutex_unlock(&checked));
    SHOW_CODE(pthread_mutex_unlock(&checked));
    SHOW_CODE(pthread_mutex_unlock(&checked));
    SHOW_CODE(pthread_mutexattr_settype(&attributes, 77));
    SHOW_CODE(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    SHOW_CODE(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT));
}

static void *
count_turns(void *unused)
{
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&mutex);
        int now = turns;
        if (i % 100 == 0)
            sched_yield();
        turns = now + 1;
        pthread_mutex_unlock(&mutex);
    }
    return unused;
}

static void *
wait_for_turns(void *unused)
{
    pthread_mutex_lock(&mutex);
    while (turns < 5000)
        pthread_cond_wait(&cond, &mutex);
    ended++;
    pthread_mutex_unlock(&mutex);
    return unused;
}

static void
together(void)
{
    struct timespec then = past();
    pthread_t counting[4], waiting[3];

    SHOW_CODE(pthread_mutex_lock(&mutex));
    SHOW_CODE(pthread_cond_timedwait(&cond, &mutex, &then));
    then = soon();
    SHOW_CODE(pthread_cond_timedwait(&cond, &mutex, &then));
    SHOW_CODE(pthread_mutex_unlock(&mutex));
    for (int i = 0; i < 3; i++)
        pthread_create(&waiting[i], NULL, wait_for_turns, NULL);
    for (int i = 0; i < 4; i++)
        pthread_create(&counting[i], NULL, count_turns, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(counting[i], NULL);
    SHOW(turns);
    SHOW(ended);
    pthread_mutex_lock(&mutex);
    turns = 5000;
    SHOW_CODE(pthread_cond_broadcast(&cond));
    pthread_mutex_unlock(&mutex);
    for (int i = 0; i < 3; i++)
        pthread_join(waiting[i], NULL);
    SHOW(ended);
}

static void
semaphores(void)
{
    struct timespec then = past(), bad = {0, 1000000000};
    int value;

    SHOW(sem_init(&sem, 0, 1));
    SHOW(sem_init(&sem, 0, 0x80000000u));
    SHOW(sem_wait(&sem));
    SHOW(sem_trywait(&sem));
    SHOW(sem_timedwait(&sem, &then));
    SHOW(sem_timedwait(&sem, &bad));
    then = soon();
    SHOW(sem_timedwait(&sem, &then));
    SHOW(sem_post(&sem));
    SHOW(sem_getvalue(&sem, &value));
    SHOW(value);
    SHOW(sem_init(&sem, 0, 0x7fffffff));
    SHOW(sem_post(&sem));
    SHOW(sem_destroy(&sem));
    SHOW(sem_open("/nothere", 0) == SEM_FAILED ? -1 : 0);
}

static void
read_write_locks(void)
{
    pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
    struct timespec then = soon();

    SHOW_CODE(pthread_rwlock_rdlock(&lock));
    SHOW_CODE(pthread_rwlock_tryrdlock(&lock));
    SHOW_CODE(pthread_rwlock_trywrlock(&lock));
    SHOW_CODE(pthread_rwlock_timedwrlock(&lock, &then));
    SHOW_CODE(pthread_rwlock_unlock(&lock));
    SHOW_CODE(pthread_rwlock_unlock(&lock));
    SHOW_CODE(pthread_rwlock_wrlock(&lock));
    SHOW_CODE(pthread_rwlock_tryrdlock(&lock));
    SHOW_CODE(pthread_rwlock_unlock(&lock));
}

static int destroyed, once_count;

static void
destroy(void *value)
{
    destroyed += *(int *)value;
    if (destroyed == 5) /* set anew by the destructor: called again */
        pthread_setspecific(key, &once_count);
}

static void
once(void)
{
    once_count++;
}

static void *
set_key(void *value)
{
    pthread_setspecific(key, value);
    return pthread_getspecific(key);
}

static __thread int own = 7;

static void *
own_data(void *unused)
{
    (void)unused;
    own++;
    return (void *)(intptr_t)own;
}

static void
keys(void)
{
    static pthread_once_t control = PTHREAD_ONCE_INIT;
    pthread_t thread;
    int five = 5;
    void *result;

    SHOW_CODE(pthread_once(&control, once));
    SHOW_CODE(pthread_once(&control, once));
    SHOW(once_count);
    SHOW_CODE(pthread_key_create(&key, destroy));
    SHOW_TRUTH(pthread_getspecific(key) == NULL);
    SHOW_CODE(pthread_create(&thread, NULL, set_key, &five));
    SHOW_CODE(pthread_join(thread, &result));
    SHOW_TRUTH(result == &five);
    SHOW(destroyed);
    SHOW_TRUTH(pthread_getspecific(key) == NULL);
    SHOW_CODE(pthread_key_delete(key));
    own = 100;
    SHOW_CODE(pthread_create(&thread, NULL, own_data, NULL));
    SHOW_CODE(pthread_join(thread, &result));
    SHOW((intptr_t)result);
    SHOW(own);
}

static int ends[2], cleaned;

static void
clean(void *arg)
{
    cleaned += (int)(intptr_t)arg;
}

static void *
read_for_ever(void *unused)
{
    char byte;

    pthread_cleanup_push(clean, (void *)1);
    pthread_cleanup_push(clean, (void *)10);
    sem_post(&sem);
    read(ends[0], &byte, 1);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return unused;
}

static void *
sleep_for_ever(void *unused)
{
    sem_post(&sem);
    for (;;)
        sleep(1000);
    return unused;
}

static void *
wait_for_ever(void *unused)
{
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(clean, (void *)100);
    sem_post(&sem);
    for (;;)
        pthread_cond_wait(&cond, &mutex);
    pthread_cleanup_pop(0);
    return unused;
}

static void *
not_cancelled(void *unused)
{
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    sem_post(&sem);
    usleep(20000);
    pthread_testcancel();
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
    cleaned += 1000;
    pthread_testcancel();
    cleaned += 10000;
    return unused;
}

static void
cancel(void *(*body)(void *))
{
    pthread_t thread;
    void *result;

    pthread_create(&thread, NULL, body, NULL);
    sem_wait(&sem);
    usleep(5000);
    SHOW_CODE(pthread_cancel(thread));
    SHOW_CODE(pthread_join(thread, &result));
    SHOW_TRUTH(result == PTHREAD_CANCELED);
    SHOW(cleaned);
}

static void
cancelling(void)
{
    SHOW(pipe(ends));
    SHOW(sem_init(&sem, 0, 0));
    cancel(read_for_ever);
    cancel(sleep_for_ever);
    cancel(wait_for_ever);
    SHOW_CODE(pthread_mutex_trylock(&mutex)); /* it was taken again before the end */
    SHOW_CODE(pthread_mutex_unlock(&mutex));
    cancel(not_cancelled);
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

static pthread_barrier_t barrier;

/* SSE's own control word, which must agree with the x87's. */
__attribute__((target("sse"))) static int
sse_rounding(void)
{
    return (int)(__builtin_ia32_stmxcsr() >> 3) & FE_TOWARDZERO;
}

static void *
round_up(void *unused)
{
    fesetround(FE_UPWARD);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return fegetround() == FE_UPWARD && sse_rounding() == FE_UPWARD ? &barrier : unused;
}

static void *
own_rounding(void *unused)
{
    (void)unused;
    return (void *)(intptr_t)fegetround();
}

/* How numbers are rounded is each thread's own, and handed down to those it makes. */
static void
rounding(void)
{
    volatile double one = 1, three = 3;
    volatile double nearest = one / three, upward;
    pthread_t thread;
    void *result;

    SHOW_CODE(pthread_barrier_init(&barrier, NULL, 2));
    SHOW_CODE(pthread_create(&thread, NULL, round_up, NULL));
    pthread_barrier_wait(&barrier);
    SHOW_TRUTH(fegetround() == FE_TONEAREST);
    SHOW(sse_rounding());
    SHOW(fesetround(FE_DOWNWARD));
    pthread_barrier_wait(&barrier);
    SHOW_CODE(pthread_join(thread, &result));
    SHOW_TRUTH(result == &barrier);
    SHOW_TRUTH(fegetround() == FE_DOWNWARD);
    SHOW_CODE(pthread_create(&thread, NULL, own_rounding, NULL));
    SHOW_CODE(pthread_join(thread, &result));
    SHOW_TRUTH((intptr_t)result == FE_DOWNWARD);
    fesetround(FE_UPWARD);
    upward = one / three;
    SHOW_TRUTH(upward > nearest);
    SHOW(fesetround(FE_TONEAREST));
}

/* What the smallest stack has to be enough for. */
static void *
little_work(void *unused)
{
    struct stat st;
    char byte;
    int fd = open("/dirlink/../dir/sub/deep.txt", O_RDONLY);

    (void)unused;
    if (fd < 0 || read(fd, &byte, 1) != 1 || close(fd) || stat("/link.txt", &st))
        return NULL;
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind_to(fd, loopback(AF_INET, 6300)) || connect_to(fd, loopback(AF_INET, 6300)) ||
        send(fd, "x", 1, 0) != 1 || recv(fd, &byte, 1, 0) != 1 || close(fd))
        return NULL;
    usleep(1000);
    return &sem;
}

static size_t
count_bytes(const char *from, int value, size_t len)
{
    size_t count = 0;

    while (count < len && from[count] == value)
        count++;
    return count;
}

/* Timers and packets are served while it sleeps, on whatever stack. */
static void *
sleep_often(void *arg)
{
    for (int i = 0; i < 50; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return arg;
}

static void
small_stacks(void)
{
    static char room[3 * PTHREAD_STACK_MIN] __attribute__((aligned(16)));
    char *memory = room + 2 * PTHREAD_STACK_MIN;
    pthread_attr_t attributes;
    pthread_t thread;
    void *result;

    SHOW_CODE(pthread_attr_init(&attributes));
    SHOW_CODE(pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN));
    SHOW_CODE(pthread_create(&thread, &attributes, little_work, NULL));
    SHOW_CODE(pthread_join(thread, &result));
    SHOW_TRUTH(result == &sem);
    memset(room, 0x5a, 2 * PTHREAD_STACK_MIN);
    SHOW_CODE(pthread_attr_setstack(&attributes, memory, PTHREAD_STACK_MIN));
    SHOW_CODE(pthread_create(&thread, &attributes, sleep_often, memory));
    SHOW_CODE(pthread_join(thread, &result));
    SHOW_TRUTH(result == memory);
    SHOW_TRUTH(count_bytes(room, 0x5a, 2 * PTHREAD_STACK_MIN) == 2 * PTHREAD_STACK_MIN);
}

/* The main thread's stack is told, all of it that was used, and the end can be written. */
static int
is_told(void)
{
    volatile char here[24000];
    pthread_attr_t attributes;
    void *base;
    size_t size;

    here[0] = here[sizeof(here) - 1] = 1;
    if (pthread_getattr_np(pthread_self(), &attributes) ||
        pthread_attr_getstack(&attributes, &base, &size))
        return 0;
    *(volatile char *)base = 1;
    return (char *)here >= (char *)base && (char *)here + sizeof(here) <= (char *)base + size &&
           size < 1u << 30;
}

static void
main_stack(void)
{
    pthread_attr_t attributes;
    int state;

    SHOW_CODE(pthread_getattr_np(pthread_self(), &attributes));
    SHOW_CODE(pthread_attr_getdetachstate(&attributes, &state));
    SHOW(state);
    SHOW_TRUTH(is_told());
}

void
threads(void)
{
    ends_of_threads();
    mutexes();
    together();
    semaphores();
    read_write_locks();
    keys();
    cancelling();
    rounding();
    small_stacks();
    main_stack();
}
