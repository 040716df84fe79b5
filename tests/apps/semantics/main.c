/*
 * Does a program see here what it sees on Linux? This one is linked twice from the same
 * objects, as a Ringlet image and as a program for 32-bit Linux, and makes its calls, the
 * wrong ones above all, the same way in both. tests/system/test_semantics.py compares the
 * lines. It expects the tree that the test makes as "/", and a loopback interface.
 *
 * With arguments it does only the subjects that they name.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "show.h"

static const struct {
    const char *name;
    void (*run)(void);
} subjects[] = {
    {"files", files},       {"paths", paths},         {"streams", streams},
    {"pipes", pipes},       {"waits", waits},         {"epolls", epolls},
    {"threads", threads},   {"signals", signals},     {"clocks", clocks},
    {"timers", timers},     {"locals", locals},       {"transfers", transfers},
    {"sockets", sockets},   {"datagrams", datagrams}, {"names", names},
    {"memory", memory},     {"process", process},     {"interfaces", interfaces},
    {"tuning", tuning},     {"places", places},       {"socketcalls", socketcalls},
    {"numbers", numbers},   {"changes", changes},     {"contents", contents},
    {"locks", locks},       {"mappings", mappings},   {"shared", shared},
    {"queues", queues}, {"overlaid", overlaid},   {"rights", rights},
};

static const char *subject;

void
show_subject(const char *name)
{
    subject = name;
}

#define NAME(e)               \
    {                         \
        .code = e, .name = #e \
    }

static const char *
error_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } names[] = {
        NAME(EPERM),
        NAME(ENOENT),
        NAME(ESRCH),
        NAME(EINTR),
        NAME(EIO),
        NAME(ENXIO),
        NAME(E2BIG),
        NAME(EBADF),
        NAME(ECHILD),
        NAME(EAGAIN),
        NAME(ENOMEM),
        NAME(EACCES),
        NAME(EFAULT),
        NAME(EBUSY),
        NAME(EEXIST),
        NAME(EXDEV),
        NAME(ENODEV),
        NAME(ENOTDIR),
        NAME(EISDIR),
        NAME(EINVAL),
        NAME(ENFILE),
        NAME(EMFILE),
        NAME(ENOTTY),
        NAME(ETXTBSY),
        NAME(EFBIG),
        NAME(ENOSPC),
        NAME(ESPIPE),
        NAME(EROFS),
        NAME(EMLINK),
        NAME(EPIPE),
        NAME(EDOM),
        NAME(ERANGE),
        NAME(EDEADLK),
        NAME(ENAMETOOLONG),
        NAME(ENOSYS),
        NAME(ENOTEMPTY),
        NAME(ELOOP),
        NAME(EOVERFLOW),
        NAME(ENOTSOCK),
        NAME(EDESTADDRREQ),
        NAME(EMSGSIZE),
        NAME(EPROTOTYPE),
        NAME(ENOPROTOOPT),
        NAME(EPROTONOSUPPORT),
        NAME(EOPNOTSUPP),
        NAME(EPFNOSUPPORT),
        NAME(EAFNOSUPPORT),
        NAME(EADDRINUSE),
        NAME(EADDRNOTAVAIL),
        NAME(ENETDOWN),
        NAME(ENETUNREACH),
        NAME(ECONNABORTED),
        NAME(ECONNRESET),
        NAME(ENOBUFS),
        NAME(EISCONN),
        NAME(ENOTCONN),
        NAME(ETIMEDOUT),
        NAME(ECONNREFUSED),
        NAME(EHOSTUNREACH),
        NAME(EALREADY),
        NAME(EINPROGRESS),
        NAME(ECANCELED),
        NAME(ESOCKTNOSUPPORT),
        NAME(EOWNERDEAD),
        NAME(ENOTRECOVERABLE),
    };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].code == code)
            return names[i].name;
    return "an error without a name here";
}

void
show_result(const char *expression, long result)
{
    int error = errno;

    if (result == -1 && error)
        printf("%s: %s = %s\n", subject, expression, error_name(error));
    else
        printf("%s: %s = %ld\n", subject, expression, result);
}

void
show_code(const char *expression, int code)
{
    printf("%s: %s = %s\n", subject, expression, code ? error_name(code) : "0");
}

void
show_text(const char *expression, const char *text)
{
    int error = errno;

    if (text)
        printf("%s: %s = \"%s\"\n", subject, expression, text);
    else
        printf("%s: %s = %s\n", subject, expression, error ? error_name(error) : "NULL");
}

void
show_truth(const char *expression, int truth)
{
    printf("%s: %s = %s\n", subject, expression, truth ? "true" : "false");
}

static int
is_wanted(const char *name, char **words)
{
    if (!*words)
        return strcmp(name, "overlaid") != 0; /* wants a "/" that can be changed */
    for (; *words; words++)
        if (strcmp(*words, name) == 0)
            return 1;
    return 0;
}

int
main(int argc, char **argv)
{
    (void)argc;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        if (!is_wanted(subjects[i].name, argv + 1))
            continue;
        show_subject(subjects[i].name);
        subjects[i].run();
    }
    return 0;
}
