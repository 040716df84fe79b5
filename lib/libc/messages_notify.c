/*
 * mq_notify: a signal when a message comes into the empty queue and nobody waits for it, once. SIGEV_THREAD
 * would need a socket of the kernel's own behind the C library's thread, which there is not (ENOSYS).
 */
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "lib/libc/messages.h"
#include "lib/libc/part.h"
#include "lib/libc/signal.h"
#include "lib/libc/syscall.h"

PART(messages_notify);

#define SI_MESGQ (-3)

enum { SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD };

/* Where there is no memory for the signal it is lost, as Linux would lose one that has no room. */
void
messages_notify(struct messages *q)
{
    q->registered = false;
    if (q->wanted.notify != SIGEV_SIGNAL || !q->wanted.signo)
        return;
    struct signal_note *note = kmalloc(sizeof(*note));
    if (!note)
        return;
    *note = (struct signal_note){
        .info = {
            .signo = q->wanted.signo, .code = SI_MESGQ, .pid = 1, .value = q->wanted.value}};
    if (!signal_send_note(note))
        kfree(note);
}

SYSCALL(281, mq_notify, int fd, const struct abi_sigevent *wanted)
{
    if (wanted && wanted->notify == SIGEV_THREAD)
        return -ENOSYS;
    if (wanted && ((wanted->notify != SIGEV_SIGNAL && wanted->notify != SIGEV_NONE) ||
                   (wanted->notify == SIGEV_SIGNAL && (uint32_t)wanted->signo > ABI_NSIG)))
        return -EINVAL;
    struct messages *q = messages_get(fd);
    if (!q)
        return -EBADF;
    if (wanted && q->registered)
        return -EBUSY;
    q->registered = wanted;
    if (wanted)
        q->wanted = *wanted;
    return 0;
}
