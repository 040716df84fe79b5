/* Signals that the program sends itself. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "libctest.h"

static volatile int got, info_signal;
static sigjmp_buf back;
/* Again and again, since the first may come before the call that it is to end. */
static const struct itimerval soon = {.it_value.tv_usec = 2000, .it_interval.tv_usec = 50000}, never;

static void
note(int number)
{
    got = number;
}

static void
note_info(int number, siginfo_t *info, void *context)
{
    (void)context;
    got = number;
    info_signal = info->si_signo;
}

static void
leap(int number)
{
    siglongjmp(back, number);
}

static void
handlers_run(void)
{
    struct sigaction action = {.sa_sigaction = note_info, .sa_flags = SA_SIGINFO};

    got = 0;
    CHECK(signal(SIGUSR1, note) != SIG_ERR);
    CHECK(raise(SIGUSR1) == 0 && got == SIGUSR1);
    CHECK(sigaction(SIGUSR2, &action, NULL) == 0);
    CHECK(kill(getpid(), SIGUSR2) == 0 && got == SIGUSR2 && info_signal == SIGUSR2);
    CHECK(signal(SIGUSR1, SIG_IGN) == note);
    got = 0;
    CHECK(raise(SIGUSR1) == 0 && got == 0);
    CHECK(raise(SIGCHLD) == 0);
    CHECK(kill(77, SIGUSR1) == -1 && errno == ESRCH);
}

static void
blocked_signals_wait(void)
{
    sigset_t set, old, pending;

    CHECK(signal(SIGUSR1, note) != SIG_ERR);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
    got = 0;
    CHECK(raise(SIGUSR1) == 0 && got == 0);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    CHECK(sigsuspend(&old) == -1 && errno == EINTR && got == SIGUSR1);
    got = 0;
    CHECK(raise(SIGUSR1) == 0 && got == 0);
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0 && got == SIGUSR1);
}

static void
handlers_may_jump(void)
{
    CHECK(signal(SIGUSR1, leap) != SIG_ERR);
    for (int i = 0; i < 3; i++) {
        int number = sigsetjmp(back, 1);
        if (number == 0)
            raise(SIGUSR1);
        CHECK(number == SIGUSR1);
    }
}

static void
alarm_ends_waits(void)
{
    struct sigaction action = {.sa_handler = note};
    struct timespec span = {1000, 0};
    int pipe_ends[2];
    char byte;

    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    CHECK(nanosleep(&span, &span) == -1 && errno == EINTR && span.tv_sec >= 900);
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    CHECK(poll(NULL, 0, -1) == -1 && errno == EINTR);
    CHECK(pipe(pipe_ends) == 0);
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    CHECK(read(pipe_ends[0], &byte, 1) == -1 && errno == EINTR);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(close(pipe_ends[0]) == 0 && close(pipe_ends[1]) == 0);
}

static int writer_end;

static void
write_byte(int number)
{
    (void)number;
    write(writer_end, "x", 1);
}

/* signal() installs with SA_RESTART: the read goes on, and gets what the handler wrote. */
static void
reads_go_on(void)
{
    int pipe_ends[2];
    char byte;

    CHECK(pipe(pipe_ends) == 0);
    writer_end = pipe_ends[1];
    CHECK(signal(SIGALRM, write_byte) != SIG_ERR);
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    CHECK(read(pipe_ends[0], &byte, 1) == 1 && byte == 'x');
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(close(pipe_ends[0]) == 0 && close(pipe_ends[1]) == 0);
}

static pthread_t main_thread;

static void *
kill_main(void *arg)
{
    pthread_kill(main_thread, SIGUSR1);
    return arg;
}

/* Again and again, since the first may come before the call that it is to end. */
static volatile bool paused;

static void *
interrupt_pause(void *arg)
{
    while (!paused) {
        pthread_kill(main_thread, SIGUSR1);
        usleep(10000);
    }
    return arg;
}

static void
threads_signal_each_other(void)
{
    struct sigaction action = {.sa_handler = note};
    pthread_t thread;

    got = 0;
    main_thread = pthread_self();
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, interrupt_pause, NULL) == 0);
    CHECK(pause() == -1 && errno == EINTR && got == SIGUSR1);
    paused = true;
    CHECK(pthread_join(thread, NULL) == 0);
}

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *
wait_for_lock(void *arg)
{
    pthread_mutex_lock(&held);
    pthread_mutex_unlock(&held);
    return arg;
}

/* Any thread might take the alarm; it is the main one that waits for it. */
static void
the_main_thread_comes_first(void)
{
    struct sigaction action = {.sa_handler = note};
    pthread_t threads[2];

    got = 0;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    pthread_mutex_lock(&held);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, wait_for_lock, NULL) == 0);
    sched_yield();
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    CHECK(pause() == -1 && errno == EINTR && got == SIGALRM);
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    pthread_mutex_unlock(&held);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

/* The signal is blocked in both threads, so only sigwait can take it. */
static void
signals_are_waited_for(void)
{
    struct timespec soon = {0, 1000000};
    pthread_t thread;
    siginfo_t info;
    sigset_t set;
    int number;

    got = 0;
    main_thread = pthread_self();
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    CHECK(pthread_create(&thread, NULL, kill_main, NULL) == 0);
    CHECK(sigwait(&set, &number) == 0 && number == SIGUSR1 && got == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(sigtimedwait(&set, &info, &soon) == -1 && errno == EAGAIN);
    CHECK(kill(getpid(), SIGUSR1) == 0);
    CHECK(sigtimedwait(&set, &info, NULL) == SIGUSR1 && info.si_signo == SIGUSR1);
    CHECK(pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0 && got == 0);
}

void
signal_tests(void)
{
    RUN(handlers_run);
    RUN(blocked_signals_wait);
    RUN(handlers_may_jump);
    RUN(alarm_ends_waits);
    RUN(reads_go_on);
    RUN(threads_signal_each_other);
    RUN(the_main_thread_comes_first);
    RUN(signals_are_waited_for);
}
