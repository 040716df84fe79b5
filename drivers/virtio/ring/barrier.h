/*
 * The memory barriers of the rings, in one place, and the accesses that a compiler must
 * neither repeat nor join. The other side is a host thread on another CPU (or a device that
 * snoops), so these are barriers between processors.
 *
 * x86 keeps loads in order and stores in order (Intel SDM vol. 3, 8.2.2); for those two only
 * the compiler has to be held. A store followed by a load of another place is the exception:
 * the load may be served while the store still waits in the store buffer, and nothing short
 * of a full fence prevents it. That is the case whenever something is published and then the
 * other side's "do not wake me" is read.
 */
#ifndef DRIVERS_VIRTIO_RING_BARRIER_H
#define DRIVERS_VIRTIO_RING_BARRIER_H

/* One access, exactly as wide as the object, now. */
#define ACCESS_ONCE(object) (*(volatile __typeof__(object) *)&(object))

/* What was written before is visible before what is written after. */
static inline void
barrier_write(void)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

/* What is read after is read after what was read before. */
static inline void
barrier_read(void)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
}

/* Stores before become visible before loads after are made. */
static inline void
barrier_full(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
