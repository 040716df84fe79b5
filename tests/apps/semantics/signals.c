/* Signals that the program sends itself: masks, handlers, calls that they end or not. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "show.h"

static volatile int handled, last, inner;
static int ends[2];

static void
note(int number)
{
    handled++;
    last = number;
}

static void
note_with_information(int number, siginfo_t *info, void *context)
{
    (void)context;
    handled++;
    last = number;
    inner = info->si_code == SI_TKILL || info->si_code == SI_USER ? info->si_signo : -1;
}

static void
raise_again(int number)
{
    if (inner++ == 0)
        raise(number);
    last = inner; /* the second one comes only after this one returned */
}

static void
install(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    SHOW(sigaction(number, &action, NULL));
}

static void
actions(void)
{
    struct sigaction action = {.sa_handler = note}, old;

    SHOW(sigaction(0, &action, NULL));
    SHOW(sigaction(SIGKILL, &action, NULL));
    SHOW(sigaction(SIGSTOP, &action, NULL));
    SHOW(sigaction(65, &action, NULL));
    SHOW(sigaction(SIGUSR1, &action, &old));
    SHOW_TRUTH(old.sa_handler == SIG_DFL);
    SHOW(sigaction(SIGUSR1, NULL, &old));
    SHOW_TRUTH(old.sa_handler == note);
    SHOW(raise(SIGUSR1));
    SHOW(handled);
    SHOW(last);
    SHOW(raise(99));
    SHOW(raise(0));
    SHOW(kill(getpid(), SIGUSR1));
    SHOW(handled);
    SHOW(kill(getpid(), 0));
    SHOW(kill(getpid(), 99));
    SHOW(kill(0x7fffff00, SIGUSR1));
    install(SIGUSR1, note, SA_RESETHAND);
    SHOW(raise(SIGUSR1));
    SHOW(sigaction(SIGUSR1, NULL, &old));
    SHOW_TRUTH(old.sa_handler == SIG_DFL);
    SHOW_TRUTH(signal(SIGUSR1, SIG_IGN) == SIG_DFL);
    SHOW(raise(SIGUSR1));
    SHOW(raise(SIGCHLD));
    SHOW(raise(SIGURG));
    SHOW(raise(SIGWINCH));
    action = (struct sigaction){.sa_sigaction = note_with_information, .sa_flags = SA_SIGINFO};
    SHOW(sigaction(SIGUSR1, &action, NULL));
    SHOW(raise(SIGUSR1));
    SHOW(inner);
    SHOW(handled);
}

static void
nesting(void)
{
    inner = 0;
    install(SIGUSR1, raise_again, 0);
    SHOW(raise(SIGUSR1));
    SHOW(inner);
    SHOW(last);
    inner = 0;
    install(SIGUSR1, raise_again, SA_NODEFER);
    SHOW(raise(SIGUSR1));
    SHOW(inner);
    SHOW(last);
}

static void
masks(void)
{
    sigset_t set, old, waiting;

    install(SIGUSR1, note, 0);
    install(SIGUSR2, note, 0);
    handled = 0;
    sigemptyset(&set);
    SHOW(sigaddset(&set, 0));
    SHOW(sigaddset(&set, SIGUSR1));
    SHOW(sigaddset(&set, SIGUSR2));
    SHOW(sigprocmask(77, &set, NULL));
    SHOW(sigprocmask(SIG_BLOCK, &set, &old));
    SHOW(sigismember(&old, SIGUSR1));
    SHOW(raise(SIGUSR1));
    SHOW(raise(SIGUSR1)); /* two are one */
    SHOW(kill(getpid(), SIGUSR2));
    SHOW(handled);
    SHOW(sigpending(&waiting));
    SHOW(sigismember(&waiting, SIGUSR1));
    SHOW(sigismember(&waiting, SIGUSR2));
    SHOW(sigismember(&waiting, SIGTERM));
    SHOW_TRUTH(signal(SIGUSR2, SIG_IGN) == note); /* forgets the one that waits */
    SHOW(sigpending(&waiting));
    SHOW(sigismember(&waiting, SIGUSR2));
    SHOW(sigprocmask(SIG_SETMASK, &old, NULL));
    SHOW(handled);
    SHOW(sigfillset(&set));
    SHOW(sigprocmask(SIG_BLOCK, &set, NULL));
    SHOW(sigprocmask(SIG_SETMASK, NULL, &set));
    SHOW(sigismember(&set, SIGKILL));
    SHOW(sigismember(&set, SIGTERM));
    SHOW(sigprocmask(SIG_SETMASK, &old, NULL));
}

static void
waiting(void)
{
    struct timespec none = {0, 0}, little = {0, 1000000}, bad = {0, -1};
    siginfo_t info;
    sigset_t set, old;
    int number;

    handled = 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    SHOW(sigprocmask(SIG_BLOCK, &set, &old));
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(sigtimedwait(&set, &info, &little));
    SHOW(sigtimedwait(&set, &info, &bad));
    SHOW(raise(SIGUSR1));
    SHOW(sigtimedwait(&set, &info, &none));
    SHOW(info.si_signo);
    SHOW(raise(SIGUSR1));
    SHOW_CODE(sigwait(&set, &number));
    SHOW(number);
    SHOW(raise(SIGUSR1));
    SHOW(sigsuspend(&old));
    SHOW(handled);
    SHOW(sigprocmask(SIG_SETMASK, &old, NULL));
}

static void *
signal_later(void *thread)
{
    usleep(20000);
    pthread_kill(*(pthread_t *)thread, SIGUSR1);
    usleep(20000);
    write(ends[1], "z", 1);
    return NULL;
}

static void
ended_calls(void)
{
    struct timespec second = {100, 0}, left;
    pthread_t self = pthread_self(), other;
    char byte;

    SHOW(pipe(ends));
    install(SIGUSR1, note, 0);
    handled = 0;
    SHOW_CODE(pthread_create(&other, NULL, signal_later, &self));
    SHOW(read(ends[0], &byte, 1));
    SHOW(handled);
    SHOW_CODE(pthread_join(other, NULL));
    SHOW(read(ends[0], &byte, 1));
    install(SIGUSR1, note, SA_RESTART);
    SHOW_CODE(pthread_create(&other, NULL, signal_later, &self));
    SHOW(read(ends[0], &byte, 1)); /* made again */
    SHOW(handled);
    SHOW_CODE(pthread_join(other, NULL));
    SHOW_CODE(pthread_create(&other, NULL, signal_later, &self));
    SHOW(nanosleep(&second, &left)); /* never made again */
    SHOW_TRUTH(left.tv_sec == 99);
    SHOW_CODE(pthread_join(other, NULL));
    SHOW_CODE(pthread_create(&other, NULL, signal_later, &self));
    SHOW(pause());
    SHOW_CODE(pthread_join(other, NULL));
    SHOW(handled);
    SHOW_CODE(pthread_kill(pthread_self(), 99));
    SHOW_CODE(pthread_kill(pthread_self(), 0));
    SHOW(close(ends[0]));
    SHOW(close(ends[1]));
}

static void
alarms(void)
{
    struct itimerval timer = {.it_value = {0, 10000}}, old, bad = {.it_value = {0, -1}};

    install(SIGALRM, note, 0);
    handled = 0;
    SHOW(alarm(0));
    SHOW(alarm(1000));
    SHOW(alarm(0));
    SHOW(setitimer(ITIMER_REAL, &bad, NULL));
    SHOW(setitimer(77, &timer, NULL));
    SHOW(setitimer(ITIMER_REAL, &timer, NULL));
    SHOW(pause());
    SHOW(handled);
    SHOW(last);
    SHOW(getitimer(ITIMER_REAL, &old));
    SHOW(old.it_value.tv_sec + old.it_value.tv_usec);
}

static long
ask_for_time(void)
{
    return time(NULL);
}

static long
ask_for_clock(void)
{
    struct timespec now;

    return clock_gettime(CLOCK_MONOTONIC, &now);
}

static long
ask_for_use(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage);
}

static long
ask_for_process(void)
{
    return getpid();
}

static long
ask_for_user(void)
{
    return (long)getuid();
}

static long
ask_for_parent(void)
{
    return getppid();
}

/* The handler of an alarm runs in a loop of calls that never wait, or this one does not end. */
static int
ends_by_alarm(long (*ask)(void))
{
    struct itimerval timer = {.it_value = {0, 10000}};

    handled = 0;
    setitimer(ITIMER_REAL, &timer, NULL);
    while (!handled)
        ask();
    return handled;
}

static void
loops_that_ask(void)
{
    install(SIGALRM, note, 0);
    SHOW(ends_by_alarm(ask_for_time));
    SHOW(ends_by_alarm(ask_for_clock));
    SHOW(ends_by_alarm(ask_for_use));
    SHOW(ends_by_alarm(ask_for_process));
    SHOW(ends_by_alarm(ask_for_user));
    SHOW(ends_by_alarm(ask_for_parent));
    install(SIGALRM, SIG_DFL, 0);
}

static sigjmp_buf back;

static void
jump(int number)
{
    siglongjmp(back, number);
}

static void
jumps(void)
{
    sigset_t now;
    int number;

    install(SIGUSR1, jump, 0);
    number = sigsetjmp(back, 1);
    if (number == 0)
        raise(SIGUSR1);
    SHOW(number);
    sigprocmask(SIG_SETMASK, NULL, &now);
    SHOW(sigismember(&now, SIGUSR1)); /* the mask is what it was */
    install(SIGUSR1, SIG_DFL, 0);
}

static void
stacks(void)
{
    static char memory[8192];
    stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)}, old;

    SHOW(sigaltstack(NULL, &old));
    SHOW(old.ss_flags);
    SHOW(sigaltstack(&stack, NULL));
    stack.ss_flags = SS_DISABLE;
    SHOW(sigaltstack(&stack, NULL));
}

static volatile int broken;

static void
note_broken(int number)
{
    (void)number;
    broken++;
}

static void
broken_pipe(void)
{
    install(SIGPIPE, note_broken, 0);
    SHOW(pipe(ends));
    SHOW(close(ends[0]));
    SHOW(write(ends[1], "x", 1));
    SHOW(broken);
    SHOW(close(ends[1]));
    install(SIGPIPE, SIG_IGN, 0);
}

void
signals(void)
{
    actions();
    nesting();
    masks();
    waiting();
    ended_calls();
    alarms();
    loops_that_ask();
    jumps();
    stacks();
    broken_pipe();
}
