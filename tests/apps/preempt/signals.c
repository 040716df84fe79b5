/* Handlers in the middle of a computation, for signals from elsewhere and for exceptions of its own. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>
#include "preempt.h"

static const struct itimerval soon = {.it_value.tv_usec = 2000, .it_interval.tv_usec = 2000},
                              never;
static volatile sig_atomic_t count;
static sigjmp_buf back;

static void
install(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};

    sigaction(number, &action, NULL);
}

static void
note(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    count++;
}

static void
an_alarm_interrupts_a_loop(void)
{
    count = 0;
    install(SIGALRM, note, 0);
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    while (count < 10)
        continue;
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

static void
leap(int number, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    siglongjmp(back, number);
}

static void
a_handler_may_leap_out_of_a_loop(void)
{
    static volatile int leaps;

    leaps = 0;
    install(SIGALRM, leap, 0);
    if (sigsetjmp(back, 1)) /* first there is a place to leap to, then there are alarms */
        leaps++;
    else
        CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    while (leaps < 50)
        continue;
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

/* ---- threads ---- */

static volatile bool runs, testing;

static void *
spin_for_ever(void *unused)
{
    int old;

    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    for (runs = true;;)
        continue;
    return unused;
}

static void *
spin_and_test(void *unused)
{
    for (runs = true; !testing;)
        continue;
    for (volatile int i = 0; i < 100; i++)
        continue;
    pthread_testcancel();
    return unused;
}

static void
threads_are_cancelled(void)
{
    void *(*const kinds[])(void *) = {spin_for_ever, spin_and_test};
    pthread_t thread;
    void *result;

    for (int kind = 0; kind < 2; kind++)
        for (int i = 0; i < 10; i++) {
            runs = testing = false;
            CHECK(pthread_create(&thread, NULL, kinds[kind], NULL) == 0);
            while (!runs)
                continue;
            CHECK(pthread_cancel(thread) == 0);
            usleep(1000);
            testing = true;
            CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
        }
}

static volatile pthread_t heard;

static void
note_thread(int number, siginfo_t *info, void *context)
{
    (void)number, (void)info, (void)context;
    heard = pthread_self();
}

static void
a_thread_is_told_while_it_computes(void)
{
    static volatile bool stop;
    pthread_t thread;

    stop = false;
    heard = NULL;
    install(SIGUSR1, note_thread, 0);
    CHECK(pthread_create(&thread, NULL, compute, (void *)&stop) == 0);
    CHECK(pthread_kill(thread, SIGUSR1) == 0);
    while (!heard)
        continue;
    stop = true;
    CHECK(pthread_join(thread, NULL) == 0 && heard == thread);
}

/* ---- exceptions ---- */

static siginfo_t seen;
static volatile uintptr_t seen_sp, seen_eip, seen_trap;
static ucontext_t *seen_context;

static void
look(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    volatile int here;

    (void)number;
    seen = *info;
    seen_sp = (uintptr_t)&here;
    seen_eip = (uintptr_t)u->uc_mcontext.gregs[REG_EIP];
    seen_trap = (uintptr_t)u->uc_mcontext.gregs[REG_TRAPNO];
    seen_context = u;
}

static void
look_and_leap(int number, siginfo_t *info, void *context)
{
    look(number, info, context);
    siglongjmp(back, number);
}

/* Over an instruction of two bytes. */
static void
look_and_skip(int number, siginfo_t *info, void *context)
{
    look(number, info, context);
    seen_context->uc_mcontext.gregs[REG_EIP] += 2;
}

static void
a_wrong_address_can_be_left(void)
{
    volatile uint32_t *volatile wrong = (uint32_t *)(uintptr_t)0xf0001230;
    stack_t stack = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ}, was;

    CHECK(stack.ss_sp && sigaltstack(&stack, NULL) == 0);
    for (int other = 0; other < 2; other++)
        for (int i = 0; i < 3; i++) {
            install(SIGSEGV, look_and_leap, other ? SA_ONSTACK : 0);
            memset(&seen, 0, sizeof(seen));
            int number = sigsetjmp(back, 1);
            if (number == 0)
                *wrong = 1;
            CHECK(number == SIGSEGV && seen.si_signo == SIGSEGV);
            /* Where segments end at the end of memory it is no page fault, and the address is not known. */
            CHECK(seen_trap == 13 || (seen_trap == 14 && seen.si_addr == (void *)wrong));
            CHECK(seen.si_code == (seen_trap == 14 ? SEGV_MAPERR : 0x80));
            CHECK((seen_sp - (uintptr_t)stack.ss_sp < SIGSTKSZ) == other);
            CHECK(sigaltstack(NULL, &was) == 0 && was.ss_flags == 0 &&
                  was.ss_sp == stack.ss_sp);
        }
    stack.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&stack, &was) == 0);
    CHECK(sigaltstack(NULL, &was) == 0 && was.ss_flags == SS_DISABLE);
    free(stack.ss_sp);
}

static char *page;

static void
allow(int number, siginfo_t *info, void *context)
{
    look(number, info, context);
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
}

/* As garbage collectors do it. */
static void
the_instruction_is_made_again(void)
{
    count = 0;
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    memset(&seen, 0, sizeof(seen));
    page[100] = 'x';
    install(SIGSEGV, allow, 0);
    CHECK(mprotect(page, 4096, PROT_READ) == 0);
    ((volatile char *)page)[100]++;
    CHECK(page[100] == 'y');
    if (seen.si_signo == 0)
        puts("pages are not protected here");
    else
        CHECK(seen.si_addr == page + 100 && seen.si_code == SEGV_ACCERR);
    CHECK(munmap(page, 4096) == 0);
}

static void
divisions_by_zero(void)
{
    uint32_t quotient = 7, rest = 0;
    uint16_t control = 0x37b; /* division by zero is not masked */

    install(SIGFPE, look_and_skip, 0);
    memset(&seen, 0, sizeof(seen));
    __asm__ volatile("divl %2" : "+a"(quotient), "+d"(rest) : "r"(0) : "cc", "memory");
    CHECK(seen.si_signo == SIGFPE && seen.si_code == FPE_INTDIV && quotient == 7);
    CHECK((uintptr_t)seen.si_addr == seen_eip && seen_trap == 0);

    memset(&seen, 0, sizeof(seen));
    install(SIGFPE, look_and_leap, 0);
    if (!sigsetjmp(back, 1))
        __asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait"
                         :
                         : "m"(control)
                         : "memory");
    __asm__ volatile("fninit");
    if (seen.si_signo == 0)
        puts("the coprocessor raises no exceptions here");
    else
        CHECK(seen.si_signo == SIGFPE && seen.si_code == FPE_FLTDIV && seen_trap == 16);
}

static void
wrong_instructions(void)
{
    install(SIGILL, look_and_skip, 0);
    memset(&seen, 0, sizeof(seen));
    __asm__ volatile("ud2" : : : "memory");
    CHECK(seen.si_signo == SIGILL && seen.si_code == ILL_ILLOPN);
    CHECK((uintptr_t)seen.si_addr == seen_eip && *(uint16_t *)seen_eip == 0x0b0f);
    install(SIGTRAP, look, 0);
    __asm__ volatile("int3" : : : "memory");
    CHECK(seen.si_signo == SIGTRAP);
    install(SIGBUS, look, 0);
    CHECK(raise(SIGBUS) == 0 && seen.si_signo == SIGBUS);
}

/* ---- what a handler makes of the registers ---- */

static volatile uint32_t injected;

/* What a runtime does to have a goroutine, say, call something wherever it is. */
__asm__(".text\n"
        "inject_here:\n\t"
        "pushfl\n\tpushal\n\t"
        "lock incl injected\n\t"
        "popal\n\tpopfl\n\tret");
extern const char inject_here[];
__asm__(".globl injected");

static void
inject(int number, siginfo_t *info, void *context)
{
    greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;

    (void)number, (void)info;
    gregs[REG_ESP] -= 4;
    *(greg_t *)gregs[REG_ESP] = gregs[REG_EIP];
    gregs[REG_EIP] = (greg_t)inject_here;
}

/* The loop keeps what it knows in registers and right above its stack pointer. */
static void
a_handler_may_inject_calls(void)
{
    stack_t stack = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ};
    uint32_t sum = 0, again = 0;

    CHECK(stack.ss_sp && sigaltstack(&stack, NULL) == 0);
    for (int other = 0; other < 2; other++) {
        injected = 0;
        install(SIGALRM, inject, other ? SA_ONSTACK : 0);
        CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
        while (injected < 10) {
            sum = again = 0;
            for (uint32_t i = 0; i < 100000; i++) {
                __asm__ volatile(
                    "pushl %0\n\tpushl %1\n\taddl %2, %0\n\tpopl %1\n\txorl %2, %1\n\txorl %2, %1\n\t"
                    "addl $4, %%esp"
                    : "+r"(sum), "+r"(again)
                    : "r"(i)
                    : "cc", "memory");
                again += i;
            }
            CHECK(sum == again);
        }
        CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    }
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, NULL);
    free(stack.ss_sp);
}

static void
drop(int number, siginfo_t *info, void *context)
{
    greg_t *gregs = ((ucontext_t *)context)->uc_mcontext.gregs;

    (void)number, (void)info;
    gregs[REG_EIP] += 2;
    gregs[REG_ESP] += gregs[REG_ECX];
    gregs[REG_EAX] = ~gregs[REG_EAX];
}

/* The stack pointer goes up and down, by less and by more than our own frames take. */
static void
a_handler_may_move_the_stack_pointer(void)
{
    static const int32_t ways[] = {4, 8, 52, 56, 400, 6000, -4, -52, -400, -6000, -20000};

    install(SIGILL, drop, 0);
    for (unsigned i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        uint32_t eax = 0x12345678, moved;
        int32_t by = ways[i];
        __asm__ volatile("pushl %%ebp\n\t"
                         "movl %%esp, %%ebp\n\t"
                         "subl $8192, %%esp\n\t"
                         "movl %%esp, %%edx\n\t"
                         "ud2\n\t"
                         "subl %%esp, %%edx\n\t"
                         "movl %%ebp, %%esp\n\t"
                         "popl %%ebp"
                         : "+a"(eax), "=&d"(moved)
                         : "c"(by)
                         : "cc", "memory");
        CHECK(eax == ~0x12345678u);
        CHECK((int32_t)moved == -by);
    }
}

void
signal_tests(void)
{
    RUN(an_alarm_interrupts_a_loop);
    RUN(a_handler_may_leap_out_of_a_loop);
    RUN(threads_are_cancelled);
    RUN(a_thread_is_told_while_it_computes);
    RUN(a_wrong_address_can_be_left);
    RUN(the_instruction_is_made_again);
    RUN(divisions_by_zero);
    RUN(wrong_instructions);
    RUN(a_handler_may_inject_calls);
    RUN(a_handler_may_move_the_stack_pointer);
}
