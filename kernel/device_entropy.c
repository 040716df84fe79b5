/*
 * Random bytes: a generator under a key that everybody who has some gave to, the devices in the
 * order found and the CPU. It gives nothing before a whole key of such bytes is there: numbers
 * are never invented. A slow source delays the first byte, and no other.
 *
 * The generator is ChaCha20 (RFC 8439, 2.3). Each answer begins with the next key, so that what
 * lies in memory afterwards does not tell what was handed out, and each takes in what the sources
 * have at hand, so that two copies of one guest part ways.
 */
#include "kernel/cpu.h"
#include "kernel/device.h"
#include "kernel/kernel.h"
#include "kernel/platform.h"
#include "kernel/string.h"

#define KEY_SIZE   32
#define BLOCK_SIZE 64

struct wait_queue entropy_waiters = WAIT_QUEUE_INIT(entropy_waiters);

static struct list sources = LIST_INIT(sources);
static uint8_t key[KEY_SIZE];
static size_t gathered; /* bytes that the key was given, up to its size */

static inline uint32_t
rotate(uint32_t v, unsigned by)
{
    return v << by | v >> (32 - by);
}

static void
quarter_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
    *a += *b, *d = rotate(*d ^ *a, 16);
    *c += *d, *b = rotate(*b ^ *c, 12);
    *a += *b, *d = rotate(*d ^ *a, 8);
    *c += *d, *b = rotate(*b ^ *c, 7);
}

/* The block of number `counter` under the key; the nonce is 0, since no key serves two answers. */
static void
chacha_block(uint8_t out[BLOCK_SIZE], uint32_t counter)
{
    uint32_t start[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, [12] = counter},
             s[16];

    memcpy(start + 4, key, KEY_SIZE);
    memcpy(s, start, sizeof(s));
    for (unsigned i = 0; i < 80; i++) {
        unsigned column = i % 4, shift = i / 4 % 2; /* four columns, then four diagonals */
        quarter_round(&s[column], &s[4 + (column + shift) % 4],
                      &s[8 + (column + 2 * shift) % 4], &s[12 + (column + 3 * shift) % 4]);
    }
    for (unsigned i = 0; i < 16; i++)
        s[i] += start[i];
    memcpy(out, s, BLOCK_SIZE);
}

static void
answer(uint8_t *to, size_t size)
{
    uint8_t block[BLOCK_SIZE], next[KEY_SIZE];
    size_t used = KEY_SIZE;

    chacha_block(block, 0);
    memcpy(next, block, KEY_SIZE);
    for (uint32_t counter = 1; size > 0; used = 0) {
        size_t n = MIN(size, BLOCK_SIZE - used);
        memcpy(to, block + used, n);
        to += n;
        size -= n;
        if (size > 0)
            chacha_block(block, counter++);
    }
    memcpy(key, next, KEY_SIZE);
    memset(block, 0, sizeof(block));
    memset(next, 0, sizeof(next));
}

static void
stir(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        key[(gathered + i) % KEY_SIZE] ^= bytes[i];
    gathered = MIN(gathered + n, KEY_SIZE);
}

/* What the sources have at hand. 0, or why there is no whole key yet, as entropy_read says it. */
static int
gather(void)
{
    uint8_t bytes[KEY_SIZE];
    size_t n = 0;
    int got, why = -ENODEV;

    list_foreach(it, &sources)
    {
        struct entropy_device *e = container_of(it, struct entropy_device, link);
        got = e->read(e, bytes + n, KEY_SIZE - n);
        n += (size_t)MAX(got, 0);
        if (why != -EAGAIN)
            why = got >= 0 ? -EAGAIN : -EIO;
    }
    got = cpu_random(bytes + n, KEY_SIZE - n);
    if (got != -ENODEV && why == -ENODEV)
        why = -EIO;
    stir(bytes, n + (size_t)MAX(got, 0));
    return gathered == KEY_SIZE ? 0 : why;
}

void
entropy_register(struct entropy_device *e)
{
    list_append(&sources, &e->link);
}

void
entropy_changed(void)
{
    if (gathered < KEY_SIZE)
        gather();
    wake_all(&entropy_waiters);
}

int
entropy_read(void *to, size_t size, uint64_t deadline)
{
    int error;

    while ((error = gather()) == -EAGAIN && !defer_running() && clock_now() < deadline)
        wait_on(&entropy_waiters, deadline);
    if (!error)
        answer(to, size);
    return error;
}
