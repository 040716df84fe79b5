/*
 * An lguest for today's Linux: runs a 32-bit guest of the lguest interface as an ordinary
 * process, no KVM, no root and no kernel module needed. The guest's code runs natively in
 * ring 3, in segments of its own; whatever it asks for arrives here as a signal.
 *
 * The order matters. Everything that can be opened is open, and every thread exists, before
 * the filter is in place; the filter is in place before the guest's first instruction.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "launcher/device/device.h"
#include "launcher/guest.h"
#include "launcher/launcher.h"

#define PROBE_MEMORY (1u << 20)

/*
 * What our parent left open is no business of the guest's; and what it left closed must not
 * become the number of a file that is opened here.
 */
static void
close_inherited(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            _exit(EXIT_DEATH);
    if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0) == 0)
        return;
    struct rlimit limit = {.rlim_cur = 1024};
    getrlimit(RLIMIT_NOFILE, &limit); /* before Linux 5.9 */
    for (rlim_t fd = STDERR_FILENO + 1; fd < limit.rlim_cur && fd < 1 << 20; fd++)
        close(fd);
}

/* Nor is what it left in our environment: the guest can read all of this process's memory. */
static void
wipe_environment(void)
{
    for (char **entry = environ; *entry; entry++) {
        memset(*entry, 0, strlen(*entry));
        *entry = NULL;
    }
}

static void
open_devices(void)
{
    for (unsigned i = 0; i < options.nr_devices; i++) {
        char *value = options.devices[i].value;
        switch (options.devices[i].kind) {
        case DEVICE_TUNNET:
            net_open_tunnet(value);
            break;
        case DEVICE_TAP:
            net_open_tap(value);
            break;
        case DEVICE_USERNET:
            net_open_user(value);
            break;
        case DEVICE_BLOCK:
            block_open(value);
            break;
        case DEVICE_RNG:
            rng_open();
            break;
        }
    }
    console_open(options.console);
}

/* Whether a guest's first steps would work: the segments, and the 32-bit system call for them. */
static _Noreturn void
probe(void)
{
    memory_map(PROBE_MEMORY);
    trap_setup();
    segments_probe();
    leave(0);
}

int
main(int argc, char **argv)
{
    clock_setup();
    options_parse(argc, argv);
    close_inherited();
    if (options.probe)
        probe();
    terminal_raw(); /* early: it forks, and there is little to copy yet */
    loader_open(options.kernel, options.initrd);
    signal(SIGXFSZ, SIG_IGN);   /* a write past RLIMIT_FSIZE is EFBIG instead */
    memory_map(options.memory); /* quicker while there is no other thread */
    gate_setup();
    watch_setup();
    uint32_t entry = loader_load(options.command_line);
    memory_filled();
    interrupt_setup();
    open_devices();
    device_publish();
    segments_make();
    trap_setup();
    wipe_environment();
    memory_check_alone();
    thread_wait_all();
    watch_arm();
    filter_install();
    enter_guest(entry);
}
