/*
 * For the programs that apps/linux runs as they are: each expectation is counted, a failed one is named,
 * and the last line says how many held. The same programs run on Linux itself.
 */
#ifndef CHECK_H
#define CHECK_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>

static int checks_made, checks_failed;

#define CHECK(e)                                                                            \
    do {                                                                                    \
        checks_made++;                                                                      \
        if (!(e)) {                                                                         \
            checks_failed++;                                                                \
            printf("%s:%d: not so: %s (errno %d)\n", __FILE__, __LINE__, #e, errno); \
        }                                                                                   \
    } while (0)

/* What main returns: `code` if all held, else 99. */
static inline int
done(int code)
{
    printf("%d checks, %d failed\n", checks_made, checks_failed);
    return checks_failed ? 99 : code;
}

#endif
