/* What the CPU holds of a computing thread stays the thread's, however often it was interrupted. */
#include <fenv.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <xmmintrin.h>
#include "preempt.h"

#define THREADS 3
#define ROUNDS  60

/* All eight registers of each kind, general ones, flags, and the two control words, filled with what
 * only this thread has; then a wait without any call; then they are compared. */
struct state {
    long double x87[8];
    uint8_t sse[8][16] __attribute__((aligned(16)));
    uint32_t general[6]; /* ebx, ecx, edx, esi, edi, eflags */
    uint16_t control;
    uint32_t mxcsr;
};

static bool has_sse;

static void
load_wait_store(const struct state *in, struct state *out, unsigned turns)
{
    if (has_sse)
        __asm__ volatile("ldmxcsr %0\n\t"
                         "movaps (%1), %%xmm0\n\tmovaps 16(%1), %%xmm1\n\tmovaps 32(%1), %%xmm2\n\t"
                         "movaps 48(%1), %%xmm3\n\tmovaps 64(%1), %%xmm4\n\tmovaps 80(%1), %%xmm5\n\t"
                         "movaps 96(%1), %%xmm6\n\tmovaps 112(%1), %%xmm7"
                         :
                         : "m"(in->mxcsr), "r"(in->sse)
                         : "memory");
    __asm__ volatile("fninit\n\tfldcw %0" : : "m"(in->control));
    for (int i = 0; i < 8; i++)
        __asm__ volatile("fldt %0" : : "m"(in->x87[i]));
    __asm__ volatile("pushl %%ebp\n\t"
                     "pushl %1\n\t"     /* out */
                     "pushl %2\n\t"     /* turns */
                     "movl (%0), %%ebx\n\tmovl 4(%0), %%ecx\n\tmovl 8(%0), %%edx\n\t"
                     "movl 12(%0), %%esi\n\tmovl 16(%0), %%edi\n\t"
                     "pushl 20(%0)\n\tpopfl\n" /* direction flag included */
                     "1:\n\t"
                     "pushfl\n\tdecl 4(%%esp)\n\tjz 2f\n\tpopfl\n\tjmp 1b\n"
                     "2:\n\t"
                     "popl %%ebp\n\tcld\n\t"
                     "addl $4, %%esp\n\t"
                     "popl %%eax\n\t"
                     "movl %%ebx, (%%eax)\n\tmovl %%ecx, 4(%%eax)\n\tmovl %%edx, 8(%%eax)\n\t"
                     "movl %%esi, 12(%%eax)\n\tmovl %%edi, 16(%%eax)\n\tmovl %%ebp, 20(%%eax)\n\t"
                     "popl %%ebp"
                     :
                     : "a"(in->general), "c"(out->general), "d"(turns)
                     : "ebx", "esi", "edi", "memory", "cc");
    __asm__ volatile("fnstcw %0" : "=m"(out->control));
    for (int i = 7; i >= 0; i--)
        __asm__ volatile("fstpt %0" : "=m"(out->x87[i]));
    if (has_sse)
        __asm__ volatile("stmxcsr %0\n\t"
                         "movaps %%xmm0, (%1)\n\tmovaps %%xmm1, 16(%1)\n\tmovaps %%xmm2, 32(%1)\n\t"
                         "movaps %%xmm3, 48(%1)\n\tmovaps %%xmm4, 64(%1)\n\tmovaps %%xmm5, 80(%1)\n\t"
                         "movaps %%xmm6, 96(%1)\n\tmovaps %%xmm7, 112(%1)"
                         : "=m"(out->mxcsr)
                         : "r"(out->sse)
                         : "memory");
}

static void *
keep_state(void *arg)
{
    unsigned number = (unsigned)(uintptr_t)arg;
    struct state in, out;
    uintptr_t wrong = 0;

    memset(&in, 0, sizeof(in));
    for (int i = 0; i < 8; i++) {
        in.x87[i] = (long double)(number * 100 + (unsigned)i) / 7;
        memset(in.sse[i], (int)(number * 16 + (unsigned)i), 16);
    }
    for (unsigned i = 0; i < 5; i++)
        in.general[i] = number * 0x01010101 + i;
    in.general[5] = 0x202 | (number & 1 ? 0x8d5 : 0x400); /* carry to overflow; direction */
    in.control = (uint16_t)(0x37f & ~0x0300) | (number % 2 ? 0x0200 : 0x0300);
    in.control |= (uint16_t)(number % 4 << 10);
    in.mxcsr = 0x1f80 | number % 4 << 13;
    for (int round = 0; round < ROUNDS; round++) {
        memset(&out, 0, sizeof(out));
        load_wait_store(&in, &out, 500000);
        for (int i = 0; i < 8; i++)
            wrong += memcmp(&in.x87[i], &out.x87[i], 10) != 0;
        wrong += has_sse && (memcmp(in.sse, out.sse, sizeof(in.sse)) != 0 || (in.mxcsr ^ out.mxcsr) & 0xffc0);
        wrong += in.control != out.control || memcmp(in.general, out.general, 20) != 0;
        wrong += ((in.general[5] ^ out.general[5]) & 0x400) != 0;
    }
    fesetenv(FE_DFL_ENV);
    return (void *)wrong;
}

/* Enough of them to meet each thread. */
static void
spoil_registers(int unused)
{
    volatile double sum = 0;

    fesetround(FE_UPWARD);
    for (int i = 1; i < 100 + unused; i++)
        sum += 1.0 / i;
}

/* With threads that take turns, and with a handler that computes in the middle of them. */
static void
registers_survive(void)
{
    const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    pthread_t threads[THREADS];
    void *wrong;

    has_sse = __builtin_cpu_supports("sse");
    signal(SIGALRM, spoil_registers);
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, keep_state, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], &wrong) == 0);
        CHECK(!wrong);
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    signal(SIGALRM, SIG_IGN);
}

/* Sums whose last bit depends on the rounding that each thread asked for. */
static double
sum_of_thirds(unsigned terms)
{
    volatile double sum = 0;

    for (unsigned i = 1; i <= terms; i++)
        sum += 1.0 / (3.0 * i);
    return sum;
}

static double expected[2];

static void *
sum_again(void *arg)
{
    uintptr_t i = (uintptr_t)arg, wrong = 0;

    fesetround(i ? FE_UPWARD : FE_DOWNWARD);
    for (int round = 0; round < 20; round++)
        wrong += sum_of_thirds(300000) != expected[i];
    return (void *)wrong;
}

static void
rounding_is_a_threads_own(void)
{
    pthread_t threads[2];
    void *wrong;

    for (int i = 0; i < 2; i++) {
        fesetround(i ? FE_UPWARD : FE_DOWNWARD);
        expected[i] = sum_of_thirds(300000);
    }
    fesetround(FE_TONEAREST);
    CHECK(expected[0] < expected[1]);
    for (uintptr_t i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, sum_again, (void *)i) == 0);
    for (int i = 0; i < 2; i++) {
        CHECK(pthread_join(threads[i], &wrong) == 0);
        CHECK(!wrong);
    }
}

void
state_tests(void)
{
    RUN(registers_survive);
    RUN(rounding_is_a_threads_own);
}
