/*
 * What every file of the launcher may use: the options, and the ways to speak and to end.
 *
 * Errors: a mistake of the user's ends with usage_error (status 2), one of the guest's, or a
 * host that cannot do what is needed, with die (status 1). All that the launcher itself says
 * goes to standard error as "lguest: ...".
 */
#ifndef LAUNCHER_LAUNCHER_H
#define LAUNCHER_LAUNCHER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "abi/lguest.h"

#define PRINTF(text, args) __attribute__((format(printf, text, args)))

/* ---- options.c ---- */

enum abi { ABI_N1 = 1, ABI_N2, ABI_N3 };

enum device_kind { DEVICE_TUNNET, DEVICE_TAP, DEVICE_USERNET, DEVICE_BLOCK, DEVICE_RNG };

/*
 * Each queue has an interrupt line: 1 to 30, since 0 is the timer's and the last one asks the
 * guest to end. The console takes two, every other device at least one.
 */
#define DEVICE_LINES   (LGUEST_IRQ_TERMINATE - 1)
#define CONSOLE_LINES  2
#define OPTION_DEVICES (DEVICE_LINES - CONSOLE_LINES)

struct options {
    uint32_t memory; /* bytes */
    const char *kernel;
    const char *initrd;
    const char *console; /* --console's value, or NULL: standard input and output */
    const char *record;  /* what is written to the first disk goes there as well, or NULL */
    char *command_line;
    struct {
        enum device_kind kind;
        char *value;
    } devices[OPTION_DEVICES];
    unsigned nr_devices;
    unsigned timeout; /* seconds, 0: none */
    enum abi abi;
    bool no_tsc, no_gate, trace, stats, verbose, probe;
};
extern struct options options;

/* Reads the command line; prints and ends for --help, --version and mistakes. */
void options_parse(int argc, char **argv);

/* ---- die.c ---- */

_Noreturn void die(const char *format, ...) PRINTF(1, 2);
_Noreturn void usage_error(const char *format, ...) PRINTF(1, 2);
void warn(const char *format, ...) PRINTF(1, 2);
/* Like warn, but only with --trace, or only with --verbose. */
void trace(const char *format, ...) PRINTF(1, 2);
void verbose(const char *format, ...) PRINTF(1, 2);
/* Ends the launcher: console written, terminal restored, statistics printed. From a signal that
 * comes while it does that: at once. */
_Noreturn void leave(int status);
/* It is being ended, and waits for the console's reader. */
bool is_leaving(void);
/* Writes all of it, whatever signal or short write comes between. */
void write_all(int fd, const void *data, size_t len);

#define EXIT_DEATH   1
#define EXIT_USAGE   2
#define EXIT_TIMEOUT 124
#define EXIT_SIGNAL  128 /* and the signal that asked for the end */

/* ---- stats.c ---- */

extern struct stats {
    uint64_t exits, gate, hypercalls, notifies, interrupts, halts, views;
} stats;
void stats_print(void);

/* ---- terminal.c ---- */

/* Puts a terminal on standard input into raw mode, with a process that restores it. */
void terminal_raw(void);
void terminal_restore(void);
/* Standard input is a terminal that a shell has given to somebody else: touching it, or reading
 * from it, would stop this process. */
bool terminal_in_background(void);

/* ---- filter.c ---- */

/* A disk's descriptor: written at positions below `size` only, once the filter is there. */
void filter_allow_disk(int fd, uint64_t size);
/* From here on the process can do what its open descriptors allow, and no more. */
void filter_install(void);

/* ---- thread.c ---- */

struct thread {
    void (*run)(void); /* until the launcher ends */
    pid_t id;          /* valid after thread_wait_all */
};
/* Starts a thread with all signals blocked. */
void thread_start(struct thread *);
/* Returns when all threads that were started are running. */
void thread_wait_all(void);

/* ---- worker.c ---- */

/* A call that may block, made on another thread. */
struct job {
    void (*run)(struct job *);  /* on the worker thread; system calls only */
    void (*done)(struct job *); /* on the vCPU thread */
    struct job *next;
};
/* Starts the thread, parked; called by each device that will need it. */
void worker_setup(void);
/* Hands over a job; its storage stays untouched until done() was called. */
void worker_submit(struct job *);
/* Calls done() for each job that was run. */
void worker_reap(void);

/* ---- watch.c ---- */

/* Starts the thread; then, when it runs, the timer that wakes it. */
void watch_setup(void);
void watch_arm(void);
/* On the vCPU thread: it is about to poll the devices itself. */
void watch_park(void);
/* On the vCPU thread: a nudge was served; keep watching. */
void watch_served(void);

#endif
