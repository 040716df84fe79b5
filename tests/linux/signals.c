/* Handlers, their frames, masks and stacks. */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int calls, last_number;
static volatile uintptr_t handler_sp;
static volatile double touched;
static siginfo_t last_info;
static sigset_t mask_inside;
static int pipes[2];
static sigjmp_buf back;

static void
plain(int number)
{
    char here;

    calls++;
    last_number = number;
    handler_sp = (uintptr_t)&here;
    touched = touched * 1.5 + 2.25; /* its own floating point */
    sigprocmask(SIG_BLOCK, NULL, &mask_inside);
}

static void
with_info(int number, siginfo_t *info, void *ucontext)
{
    ucontext_t *context = ucontext;

    plain(number);
    last_info = *info;
    CHECK(context->uc_mcontext.gregs[REG_EIP] != 0);
    CHECK((uintptr_t)context->uc_mcontext.gregs[REG_ESP] > 4096);
    CHECK(context->uc_mcontext.fpregs != NULL);
    if (number == SIGUSR2) /* the call that was interrupted returns something else */
        context->uc_mcontext.gregs[REG_EAX] = 4711;
    if (number == SIGHUP)
        sigaddset(&context->uc_sigmask, SIGTTOU);
}

static void
feed(int number)
{
    plain(number);
    (void)!write(pipes[1], "fed", 3);
}

static void
leap(int number)
{
    siglongjmp(back, number);
}

static void
install(int number, void (*handler)(int), int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

    sigemptyset(&action.sa_mask);
    sigaddset(&action.sa_mask, SIGWINCH);
    CHECK(sigaction(number, &action, NULL) == 0);
}

static void
test_frames(void)
{
    sigset_t now;
    double kept = 3.0;

    install(SIGUSR1, plain, 0);
    for (int i = 1; i <= 20; i++) {
        kept *= 1.25;
        CHECK(raise(SIGUSR1) == 0 && calls == i);
    }
    CHECK(kept > 260.2 && kept < 260.3);
    CHECK(sigismember(&mask_inside, SIGUSR1) && sigismember(&mask_inside, SIGWINCH));
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGWINCH));

    install(SIGUSR1, (void (*)(int))(void *)with_info, SA_SIGINFO);
    CHECK(kill(getpid(), SIGUSR1) == 0 && last_info.si_signo == SIGUSR1 && last_info.si_code == SI_USER);
    CHECK(last_info.si_pid == getpid());
    install(SIGUSR2, (void (*)(int))(void *)with_info, SA_SIGINFO);
    CHECK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR2) == 4711);
    install(SIGHUP, (void (*)(int))(void *)with_info, SA_SIGINFO | SA_RESETHAND);
    raise(SIGHUP);
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGTTOU));
    struct sigaction action;
    CHECK(sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
}

static void
test_masks(void)
{
    sigset_t both, old;
    int before = calls;

    install(SIGUSR1, plain, 0);
    install(SIGUSR2, plain, 0);
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGUSR2);
    CHECK(sigprocmask(SIG_BLOCK, &both, &old) == 0);
    raise(SIGUSR1);
    raise(SIGUSR2);
    CHECK(calls == before);
    CHECK(sigprocmask(SIG_SETMASK, &old, NULL) == 0 && calls == before + 2);

    sigprocmask(SIG_BLOCK, &both, NULL);
    raise(SIGUSR1);
    CHECK(sigsuspend(&old) == -1 && errno == EINTR && calls == before + 3);
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR1)); /* as it was before sigsuspend */
    raise(SIGUSR2);
    CHECK(sigwaitinfo(&both, NULL) == SIGUSR2);
    sigprocmask(SIG_SETMASK, &old, NULL);
}

static void
test_restart(void)
{
    struct itimerval soon = {.it_value.tv_usec = 20000}, off = {{0, 0}, {0, 0}};
    char text[8];

    CHECK(pipe(pipes) == 0);
    install(SIGALRM, plain, 0);
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK(read(pipes[0], text, sizeof(text)) == -1 && errno == EINTR);
    install(SIGALRM, feed, SA_RESTART);
    setitimer(ITIMER_REAL, &soon, NULL);
    CHECK(read(pipes[0], text, sizeof(text)) == 3 && memcmp(text, "fed", 3) == 0);
    setitimer(ITIMER_REAL, &off, NULL);
}

static void
test_stacks(void)
{
    static char space[16384];
    stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)}, old;

    CHECK(sigaltstack(NULL, &old) == 0 && old.ss_flags == SS_DISABLE);
    CHECK(sigaltstack(&stack, NULL) == 0);
    install(SIGUSR1, plain, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK(handler_sp - (uintptr_t)space < sizeof(space));
    install(SIGUSR1, plain, 0);
    raise(SIGUSR1);
    CHECK(handler_sp - (uintptr_t)space >= sizeof(space));

    install(SIGUSR1, leap, SA_ONSTACK);
    int number = sigsetjmp(back, 1);
    if (!number)
        raise(SIGUSR1);
    CHECK(number == SIGUSR1);
    install(SIGUSR1, plain, SA_ONSTACK);
    raise(SIGUSR1);
    CHECK(handler_sp - (uintptr_t)space < sizeof(space)); /* the leap has left it */
    stack.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&stack, NULL) == 0);
}

static void *
receiver(void *arg)
{
    while (!last_number)
        pause();
    return arg;
}

int
main(void)
{
    pthread_t thread;
    void *result;

    test_frames();
    test_masks();
    test_restart();
    test_stacks();
    install(SIGUSR2, plain, 0);
    last_number = 0;
    CHECK(pthread_create(&thread, NULL, receiver, NULL) == 0);
    do { /* the first may come before it waits */
        pthread_kill(thread, SIGUSR2);
        usleep(1000);
    } while (pthread_tryjoin_np(thread, &result) != 0);
    CHECK(last_number == SIGUSR2);
    return done(0);
}
