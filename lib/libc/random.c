/*
 * getrandom. Bytes come from a device of the host or the CPU; where there is neither the call
 * fails with EIO, which getentropy passes on. ENOSYS would be wrong: programs take it as "an
 * old kernel" and then make numbers up themselves.
 */
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "lib/libc/part.h"
#include "lib/libc/syscall.h"

PART(random);
DEVICE_CLASS_USED(entropy);

#define GRND_NONBLOCK 1
#define GRND_RANDOM   2
#define GRND_INSECURE 4

#define MOST 33554431 /* bytes of one call, Linux's limit */

SYSCALL(355, getrandom, void *to, size_t len, unsigned flags)
{
    static bool told;

    if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE))
        return -EINVAL;
    len = MIN(len, MOST);
    int error = len ? entropy_read(to, len) : 0;

    if (!error)
        return (long)len;
    if (!told)
        log_error("getrandom: no source of entropy works (error %d): give the guest a "
                  "virtio-rng device, or a CPU with RDRAND",
                  error);
    told = true;
    return -EIO;
}
