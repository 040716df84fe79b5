/*
 * Between thread.c and deferred.c: what only the scheduler calls.
 */
#ifndef KERNEL_DEFERRED_H
#define KERNEL_DEFERRED_H

/*
 * Nobody is ready: sleep until an interrupt has left something to do, and do it. The one
 * place where the race between "nothing pending" and the halt is closed: interrupts are off
 * from the look to the sleep, and platform->halt ends at once for one that came in between.
 */
void idle(void);

#endif
