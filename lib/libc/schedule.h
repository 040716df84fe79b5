/* Between affinity.c and schedule.c. */
#ifndef LIBC_SCHEDULE_H
#define LIBC_SCHEDULE_H

/* 0 if this is the program, one of its threads, or 0, which is who asks. -EINVAL, -ESRCH. */
int schedule_check(int id);

#endif
