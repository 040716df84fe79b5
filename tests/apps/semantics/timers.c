/* Timers as files and as senders of signals, and signals as files. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

#define MS 1000000

static int fd, other;
static uint64_t count;
static struct itimerspec old;

static int
ready(void)
{
    struct pollfd entry = {fd, POLLIN | POLLOUT, 0};

    poll(&entry, 1, 0);
    return entry.revents;
}

static struct itimerspec
times(long sec, long nsec, long every_sec, long every_nsec)
{
    return (struct itimerspec){{every_sec, every_nsec}, {sec, nsec}};
}

/* A time that many nanoseconds (below a second) from now. */
static struct timespec
from_now(clockid_t clock, long ns)
{
    struct timespec now;

    clock_gettime(clock, &now);
    now.tv_nsec += ns;
    now.tv_sec += now.tv_nsec >= 1000000000;
    now.tv_nsec %= 1000000000;
    return now;
}

static int
set(int flags, struct itimerspec new)
{
    memset(&old, 0x55, sizeof(old));
    return timerfd_settime(fd, flags, &new, &old);
}

static void
files_made(void)
{
    SHOW(timerfd_create(CLOCK_MONOTONIC, 1));
    SHOW(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
    SHOW(timerfd_create(CLOCK_MONOTONIC_RAW, 0));
    SHOW(timerfd_create(99, 0));
    SHOW(timerfd_create(-1, 0));
    SHOW(fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK));
    SHOW(ready());
    SHOW(read(fd, &count, sizeof(count)));
    SHOW(read(fd, &count, 7));
    SHOW(write(fd, &count, sizeof(count)));
    SHOW(pread(fd, &count, 8, 0));
    SHOW(ftruncate(fd, 0));
    SHOW(set(4, times(1, 0, 0, 0)));
    SHOW(set(0, times(1, 1000000000, 0, 0)));
    SHOW(set(0, times(1, -1, 0, 0)));
    SHOW(set(0, times(-1, 0, 0, 0)));
    SHOW(set(0, times(0, 0, -1, 0)));
    SHOW(set(0, times(0, 0, 0, 1000000000)));
    SHOW(timerfd_gettime(99, &old));
    SHOW(timerfd_gettime(0, &old));
    SHOW(timerfd_settime(99, 0, &old, NULL));
    SHOW(timerfd_gettime(fd, &old));
    SHOW(old.it_value.tv_sec + old.it_value.tv_nsec + old.it_interval.tv_sec);
    SHOW(close(fd));
}

static void
file_once(int clock)
{
    int flags;

    SHOW(fd = timerfd_create(clock, 0));
    SHOW(set(0, times(1000, 0, 3, 4)));
    SHOW(old.it_value.tv_sec + old.it_value.tv_nsec);
    SHOW(timerfd_gettime(fd, &old));
    SHOW_TRUTH(old.it_value.tv_sec == 999);
    SHOW(old.it_interval.tv_sec);
    SHOW(old.it_interval.tv_nsec);
    SHOW(ready());
    SHOW(set(0, times(0, 5 * MS, 0, 0)));
    SHOW_TRUTH(old.it_value.tv_sec == 999);
    SHOW(old.it_interval.tv_sec);
    SHOW(read(fd, &count, 100)); /* waits */
    SHOW((long)count);
    SHOW(timerfd_gettime(fd, &old));
    SHOW(old.it_value.tv_sec + old.it_value.tv_nsec);
    SHOW(set(0, times(0, 0, 7, 0))); /* off, whatever the interval */
    SHOW(timerfd_gettime(fd, &old));
    SHOW(old.it_value.tv_sec + old.it_value.tv_nsec);
    SHOW(old.it_interval.tv_sec);
    flags = fcntl(fd, F_GETFL);
    SHOW(fcntl(fd, F_SETFL, flags | O_NONBLOCK));
    SHOW(read(fd, &count, 8));
    SHOW(set(TFD_TIMER_ABSTIME, times(1, 0, 0, 0))); /* long past */
    SHOW(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1000));
    SHOW(ready());
    SHOW(read(fd, &count, 8));
    SHOW((long)count);
    SHOW(read(fd, &count, 8));
    SHOW(set(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
             (struct itimerspec){{0, 0}, from_now(clock, 5 * MS)}));
    SHOW(read(fd, &count, 8));
    SHOW(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1000));
    SHOW(read(fd, &count, 8));
    SHOW((long)count);
    SHOW(set(TFD_TIMER_ABSTIME, (struct itimerspec){{0, 0}, {0, 1}}));
    SHOW(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1000));
    SHOW(set(0, times(1000, 0, 0, 0))); /* what was not read is forgotten */
    SHOW(ready());
    SHOW(close(fd));
}

static void
file_again(void)
{
    struct epoll_event event = {.events = EPOLLIN};

    SHOW(fd = timerfd_create(CLOCK_MONOTONIC, 0));
    SHOW(set(0, times(0, 2 * MS, 0, 2 * MS)));
    usleep(21000);
    SHOW(ready());
    SHOW(read(fd, &count, 8));
    SHOW_TRUTH(count >= 10 && count < 1000);
    SHOW(read(fd, &count, 8)); /* waits for the next */
    SHOW_TRUTH(count >= 1 && count < 100);
    SHOW(timerfd_gettime(fd, &old));
    SHOW_TRUTH(old.it_value.tv_sec == 0 && old.it_value.tv_nsec <= 2 * MS);
    SHOW(old.it_interval.tv_nsec);
    SHOW(set(TFD_TIMER_ABSTIME,
             (struct itimerspec){{0, 1}, {0, 1}})); /* each nanosecond since 1 */
    SHOW(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1000));
    SHOW(read(fd, &count, 8));
    SHOW_TRUTH(count > 1000);
    SHOW(other = epoll_create1(0));
    SHOW(epoll_ctl(other, EPOLL_CTL_ADD, fd, &event));
    SHOW(set(0, times(0, 5 * MS, 0, 0)));
    SHOW(epoll_wait(other, &event, 1, 0));
    SHOW(epoll_wait(other, &event, 1, 1000));
    SHOW(event.events);
    SHOW(read(fd, &count, 8));
    SHOW(epoll_wait(other, &event, 1, 0));
    SHOW(close(other));
    SHOW(close(fd));
}

/* ---- timer_create ---- */

static timer_t timer;
static volatile int handled, code, value;

static void
note(int number, siginfo_t *info, void *context)
{
    (void)context;
    handled++;
    code = info->si_code;
    value = info->si_value.sival_int;
    (void)number;
}

static int
settime(int flags, struct itimerspec new)
{
    memset(&old, 0x55, sizeof(old));
    return timer_settime(timer, flags, &new, &old);
}

static int
create(clockid_t clock, int how, int number)
{
    struct sigevent event = {
        .sigev_notify = how, .sigev_signo = number, .sigev_value.sival_int = 1234};

    return timer_create(clock, &event, &timer);
}

static void
timers_made(void)
{
    SHOW(create(99, SIGEV_SIGNAL, SIGUSR1));
    SHOW(create(10, SIGEV_SIGNAL, SIGUSR1));
    SHOW(create(CLOCK_MONOTONIC_RAW, SIGEV_SIGNAL, SIGUSR1));
    SHOW(create(CLOCK_REALTIME_COARSE, SIGEV_SIGNAL, SIGUSR1));
    SHOW(create(CLOCK_REALTIME, SIGEV_SIGNAL, 0));
    SHOW(create(CLOCK_REALTIME, SIGEV_SIGNAL, 65));
    SHOW(create(CLOCK_REALTIME, 77, SIGUSR1));
    SHOW(create(CLOCK_REALTIME, SIGEV_THREAD_ID, SIGUSR1)); /* of no thread */
    SHOW(create(CLOCK_REALTIME, SIGEV_NONE, 0));
    SHOW(settime(0, times(0, -1, 0, 0)));
    SHOW(settime(0, times(0, 0, 0, 1000000000)));
    SHOW(settime(0, times(1000, 0, 0, 0)));
    SHOW(old.it_value.tv_sec + old.it_value.tv_nsec);
    SHOW(timer_gettime(timer, &old));
    SHOW(old.it_value.tv_sec);
    SHOW(timer_getoverrun(timer));
    SHOW(settime(0, times(0, 1 * MS, 0, 0)));
    SHOW(old.it_value.tv_sec);
    usleep(2000);
    SHOW(timer_gettime(timer, &old));
    SHOW(old.it_value.tv_sec + old.it_value.tv_nsec);
    SHOW(settime(0, times(0, 1 * MS, 1000, 0)));
    usleep(2000);
    SHOW(timer_gettime(timer, &old));
    SHOW(old.it_value.tv_sec);
    SHOW(timer_delete(timer));
    SHOW_TRUTH(timer_delete(timer) != 0);
    SHOW_TRUTH(timer_getoverrun(timer) != 0);
    SHOW(settime(0, times(1, 0, 0, 0)));
    SHOW(timer_gettime(timer, &old));
}

static void
timer_signals(void)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    struct timespec second = {1, 0};
    sigset_t set, was;
    siginfo_t info;

    sigaction(SIGUSR1, &action, NULL);
    SHOW(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1));
    handled = 0;
    SHOW(settime(0, times(0, 5 * MS, 0, 0)));
    SHOW(pause());
    SHOW(handled);
    SHOW(code);
    SHOW(value);
    SHOW(timer_getoverrun(timer));
    SHOW(timer_gettime(timer, &old));
    SHOW(old.it_value.tv_sec + old.it_value.tv_nsec);

    /* One signal waits, the other times are its overruns. */
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &was);
    SHOW(settime(0, times(0, 1 * MS, 0, 1 * MS)));
    usleep(20000);
    SHOW(timer_gettime(timer, &old));
    SHOW_TRUTH(old.it_value.tv_nsec > 0 && old.it_value.tv_nsec <= 1 * MS);
    SHOW(sigtimedwait(&set, &info, &second));
    SHOW(info.si_code);
    SHOW_TRUTH(info.si_timerid == (long)timer);
    SHOW(info.si_value.sival_int);
    SHOW_TRUTH(info.si_overrun >= 10 && info.si_overrun < 1000);
    SHOW_TRUTH(timer_getoverrun(timer) == info.si_overrun);
    SHOW(sigtimedwait(&set, &info, &second));
    SHOW_TRUTH(info.si_overrun < 100);
    SHOW(settime(0, times(0, 0, 0, 0)));
    SHOW_TRUTH(old.it_interval.tv_nsec == 1 * MS);
    SHOW(timer_getoverrun(timer));
    sigprocmask(SIG_SETMASK, &was, NULL);
    SHOW(timer_delete(timer));

    /* Without a word of how: SIGALRM, and the timer's number as the value. */
    sigaction(SIGALRM, &action, NULL);
    SHOW(timer_create(CLOCK_REALTIME, NULL, &timer));
    handled = 0;
    SHOW(settime(TIMER_ABSTIME, (struct itimerspec){{0, 0}, from_now(CLOCK_REALTIME, 5 * MS)}));
    while (!handled)
        pause();
    SHOW(handled);
    SHOW_TRUTH(value == (long)timer);
    SHOW(timer_delete(timer));

    /* By the processor's clock. */
    SHOW(create(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1));
    handled = 0;
    SHOW(settime(0, times(0, 10 * MS, 0, 0)));
    while (!handled)
        getppid();
    SHOW(handled);
    SHOW(timer_delete(timer));
    signal(SIGUSR1, SIG_DFL);
    signal(SIGALRM, SIG_DFL);
}

static int word[2];

static void
notify(union sigval given)
{
    write(word[1], &given.sival_int, sizeof(given.sival_int));
}

static void
timer_threads(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD,
                             .sigev_notify_function = notify,
                             .sigev_value.sival_int = 77};
    int given = 0;

    SHOW(pipe(word));
    SHOW(timer_create(CLOCK_MONOTONIC, &event, &timer));
    SHOW(settime(0, times(0, 2 * MS, 0, 2 * MS)));
    for (int i = 0; i < 3; i++) {
        SHOW(read(word[0], &given, sizeof(given)));
        SHOW(given);
    }
    SHOW(timer_delete(timer));
    usleep(5000);
    close(word[0]);
    close(word[1]);
}

static int
used_up(int which, int number)
{
    struct itimerval span = {.it_value = {0, 10000}};
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};

    sigaction(number, &action, NULL);
    handled = 0;
    SHOW(setitimer(which, &span, NULL));
    while (!handled)
        getppid();
    signal(number, SIG_DFL);
    return handled;
}

/* ---- signals that are told of, and as files ---- */

static void
queue(void)
{
    union sigval given = {.sival_int = 5};
    struct timespec none = {0, 0};
    siginfo_t info;
    sigset_t set, was;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGRTMIN + 1);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &was);
    SHOW(sigqueue(getpid(), 0, given));
    SHOW(sigqueue(getpid(), 65, given));
    SHOW(sigqueue(0x7fffff00, SIGUSR1, given));
    SHOW(sigqueue(getpid(), SIGRTMIN + 1, given));
    given.sival_int = 6;
    SHOW(sigqueue(getpid(), SIGRTMIN + 1, given));
    SHOW(kill(getpid(), SIGRTMIN + 1));
    SHOW(sigqueue(getpid(), SIGUSR1, given));
    given.sival_int = 7;
    SHOW(sigqueue(getpid(), SIGUSR1, given)); /* of a standard one there is one */
    SHOW(raise(SIGCHLD));                     /* ignored, but blocked, so that it waits */
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(info.si_code);
    SHOW(info.si_value.sival_int);
    SHOW_TRUTH(info.si_pid == getpid());
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(info.si_signo - SIGRTMIN);
    SHOW(info.si_value.sival_int);
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(info.si_signo - SIGRTMIN);
    SHOW(info.si_value.sival_int);
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(info.si_code);
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(kill(getpid(), SIGRTMIN + 1));
    SHOW(kill(getpid(), SIGRTMIN + 1));
    SHOW_TRUTH(signal(SIGRTMIN + 1, SIG_IGN) == SIG_DFL); /* forgets both */
    SHOW(sigtimedwait(&set, &info, &none));
    signal(SIGRTMIN + 1, SIG_DFL);
    sigprocmask(SIG_SETMASK, &was, NULL);
}

static void *
raise_later(void *process)
{
    usleep(10000);
    kill(*(pid_t *)process, SIGUSR2);
    return NULL;
}

static void
signals_as_files(void)
{
    struct signalfd_siginfo records[4];
    struct epoll_event event = {.events = EPOLLIN};
    union sigval given = {.sival_int = 9};
    pid_t process = getpid();
    pthread_t thread;
    sigset_t set, was, none;

    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, &was);
    SHOW(signalfd(-1, &set, 1));
    SHOW(signalfd(99, &set, 0));
    SHOW(signalfd(0, &set, 0));
    SHOW(fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    SHOW(fcntl(fd, F_GETFD));
    SHOW(fcntl(fd, F_GETFL) & O_NONBLOCK);
    SHOW(ready());
    SHOW(read(fd, records, sizeof(records)));
    SHOW(read(fd, records, 127));
    SHOW(write(fd, records, 128));
    SHOW(kill(process, SIGUSR1));
    SHOW(sigqueue(process, SIGUSR2, given));
    SHOW(ready());
    memset(records, 0x55, sizeof(records));
    SHOW(read(fd, records, sizeof(records)));
    SHOW(records[0].ssi_signo);
    SHOW(records[0].ssi_code);
    SHOW_TRUTH(records[0].ssi_pid == (uint32_t)process);
    SHOW(records[0].ssi_uid);
    SHOW(records[0].ssi_int + records[0].ssi_fd + records[0].ssi_status);
    SHOW(records[1].ssi_signo);
    SHOW(records[1].ssi_code);
    SHOW(records[1].ssi_int);
    SHOW((int)records[1].ssi_ptr);
    SHOW(ready());
    SHOW(raise(SIGUSR2)); /* to the thread */
    SHOW(signalfd(fd, &none, 0) == fd);
    SHOW(ready());
    SHOW(signalfd(fd, &set, 0) == fd);
    SHOW(read(fd, records, 128));
    SHOW(records[0].ssi_code);
    SHOW(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1));
    SHOW(settime(0, times(0, 1 * MS, 0, 0)));
    SHOW(poll(&(struct pollfd){fd, POLLIN, 0}, 1, 1000));
    SHOW(read(fd, records, 128));
    SHOW(records[0].ssi_code);
    SHOW_TRUTH(records[0].ssi_tid == (uintptr_t)timer);
    SHOW(records[0].ssi_overrun);
    SHOW(records[0].ssi_int);
    SHOW(timer_delete(timer));
    SHOW(other = epoll_create1(0));
    SHOW(epoll_ctl(other, EPOLL_CTL_ADD, fd, &event));
    SHOW(epoll_wait(other, &event, 1, 0));
    SHOW_CODE(pthread_create(&thread, NULL, raise_later, &process));
    SHOW(epoll_wait(other, &event, 1, 1000));
    SHOW(event.events);
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(read(fd, records, 128));
    SHOW(fcntl(fd, F_SETFL, 0));
    SHOW_CODE(pthread_create(&thread, NULL, raise_later, &process));
    SHOW(read(fd, records, 128)); /* waits */
    SHOW(records[0].ssi_signo);
    SHOW_CODE(pthread_join(thread, NULL));
    SHOW(close(other));
    SHOW(close(fd));
    sigprocmask(SIG_SETMASK, &was, NULL);
}

void
timers(void)
{
    files_made();
    file_once(CLOCK_MONOTONIC);
    file_once(CLOCK_REALTIME);
    file_once(CLOCK_BOOTTIME);
    file_again();
    timers_made();
    timer_signals();
    timer_threads();
    SHOW(used_up(ITIMER_VIRTUAL, SIGVTALRM));
    SHOW(used_up(ITIMER_PROF, SIGPROF));
    queue();
    signals_as_files();
}
