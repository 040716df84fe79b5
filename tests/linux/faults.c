/* A program's own exceptions, as signals: who is told what, and the ways on from there. */
#define _GNU_SOURCE
#include "check.h"
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#define NOWHERE ((volatile int *)0xf0000010)

static sigjmp_buf back;
static volatile int calls;
static siginfo_t told;

static void
leap(int number, siginfo_t *info, void *ucontext)
{
    (void)ucontext;
    calls++;
    told = *info;
    siglongjmp(back, number);
}

/* Go on behind the instruction, which has two bytes. */
static void
step_over(int number, siginfo_t *info, void *ucontext)
{
    ucontext_t *context = ucontext;

    (void)number;
    calls++;
    told = *info;
    context->uc_mcontext.gregs[REG_EIP] += 2;
    context->uc_mcontext.gregs[REG_EAX] = 77;
}

static void
install(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

    CHECK(sigaction(number, &action, NULL) == 0);
}

int
main(void)
{
    static char space[16384];
    stack_t stack = {.ss_sp = space, .ss_size = sizeof(space)};
    volatile int zero = 0;
    volatile double kept = 1.5;

    CHECK(sigaltstack(&stack, NULL) == 0);
    install(SIGSEGV, leap, SA_ONSTACK);
    install(SIGFPE, leap, 0);
    install(SIGILL, step_over, SA_ONSTACK);
    for (int i = 1; i <= 3; i++) {
        int number = sigsetjmp(back, 1);
        if (!number)
            *NOWHERE = 1;
        kept *= 2;
        CHECK(number == SIGSEGV && calls == i);
    }
    CHECK(kept == 12.0);

    int number = sigsetjmp(back, 1);
    if (!number)
        printf("%d\n", 12345 / zero);
    CHECK(number == SIGFPE && told.si_code == FPE_INTDIV);

    int result;
    __asm__ volatile("ud2" : "=a"(result) : "a"(1));
    CHECK(result == 77 && told.si_signo == SIGILL && calls == 5);
    return done(0);
}
