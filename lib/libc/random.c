/*
 * getrandom, and what /dev/random reads. Bytes come from the kernel's generator (kernel/device.h), to
 * which the host's devices and the CPU give; where there is neither the call fails with EIO, which
 * getentropy passes on. ENOSYS would be wrong: programs take it as "an old kernel" and then make
 * numbers up themselves.
 */
#include "lib/libc/random.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(random);
DEVICE_CLASS_USED(entropy);

#define GRND_NONBLOCK 1
#define GRND_RANDOM   2
#define GRND_INSECURE 4

#define CALL_MAX 33554431 /* bytes of one call, Linux's limit */

#define SILENCE (1 * NSEC_PER_SEC) /* how long one waits without a word */

static void
tell_waiting(void)
{
    static bool told;

    if (!told)
        log_warn("getrandom: waiting for random bytes; the host's source gives few or none");
    told = true;
}

static int
no_source(int error)
{
    static bool told;

    if (!told)
        log_error("getrandom: no source of entropy works (error %d): give the guest a "
                  "virtio-rng device, or a CPU with RDRAND",
                  error);
    told = true;
    return -EIO;
}

int
random_fill(void *to, size_t len, bool may_wait)
{
    uint64_t deadline = clock_now() + SILENCE;

    for (;;) {
        int error = entropy_read(to, len, 0);
        if (error != -EAGAIN)
            return error ? no_source(error) : 0;
        if (!may_wait)
            return -EAGAIN;
        error = signal_wait_on(&entropy_waiters, deadline);
        if (error == -ETIMEDOUT) {
            tell_waiting();
            deadline = TIME_NEVER;
        } else if (error)
            return error;
    }
}

/* GRND_RANDOM's source is the same here, and GRND_INSECURE asks for whatever can be had at once. */
SYSCALL(355, getrandom, void *to, size_t len, unsigned flags)
{
    if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    len = MIN(len, CALL_MAX);
    int error = len ? random_fill(to, len, !(flags & (GRND_NONBLOCK | GRND_INSECURE))) : 0;
    return error ? error : (long)len;
}
