/* getaddrinfo and its kin, for names that need no server. */
#define _GNU_SOURCE
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include "network.h"
#include "show.h"

static const char *
code_name(int code)
{
    switch (code) {
    case 0:
        return "0";
    case EAI_BADFLAGS:
        return "EAI_BADFLAGS";
    case EAI_NONAME:
        return "EAI_NONAME";
    case EAI_FAMILY:
        return "EAI_FAMILY";
    case EAI_SOCKTYPE:
        return "EAI_SOCKTYPE";
    case EAI_SERVICE:
        return "EAI_SERVICE";
    case EAI_OVERFLOW:
        return "EAI_OVERFLOW";
    case EAI_AGAIN:
        return "EAI_AGAIN";
    default:
        return "another code";
    }
}

/* "address port type ..." of every answer, or the name of the code. */
static const char *
look_up(const char *host, const char *service, int family, int type, int flags)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = type, .ai_flags = flags},
                    *list;
    static char text[500];
    char address[100], port[20];
    int code = getaddrinfo(host, service, &hints, &list), used = 0;

    if (code)
        return code_name(code);
    text[0] = '\0';
    for (struct addrinfo *a = list; a; a = a->ai_next) {
        if (getnameinfo(a->ai_addr, a->ai_addrlen, address, sizeof(address), port, sizeof(port),
                        NI_NUMERICHOST | NI_NUMERICSERV))
            return "getnameinfo failed";
        used += snprintf(text + used, sizeof(text) - (size_t)used, "%s%s %s %d",
                         used ? ", " : "", address, port, a->ai_socktype);
    }
    freeaddrinfo(list);
    return text;
}

void
names(void)
{
    union address a = loopback(AF_INET, 80);
    char text[5];

    SHOW_TEXT(look_up("127.0.0.1", "80", AF_UNSPEC, SOCK_STREAM, 0));
    SHOW_TEXT(look_up("127.1", "80", AF_UNSPEC, SOCK_STREAM, 0));
    SHOW_TEXT(look_up("::1", "80", AF_UNSPEC, SOCK_DGRAM, 0));
    SHOW_TEXT(look_up("fe80::1%77", "80", AF_UNSPEC, SOCK_STREAM, 0));
    SHOW_TEXT(look_up("10.1.2.3", NULL, AF_INET, 0, AI_NUMERICHOST));
    SHOW_TEXT(look_up("10.1.2.3", "80", AF_INET6, SOCK_STREAM, 0));
    SHOW_TEXT(look_up("10.1.2.3", "80", AF_INET6, SOCK_STREAM, AI_V4MAPPED));
    SHOW_TEXT(look_up("10.1.2.300", "80", AF_UNSPEC, SOCK_STREAM, AI_NUMERICHOST));
    SHOW_TEXT(look_up("no name", "80", AF_UNSPEC, SOCK_STREAM, AI_NUMERICHOST));
    SHOW_TEXT(look_up(NULL, "80", AF_UNSPEC, SOCK_STREAM, 0));
    SHOW_TEXT(look_up(NULL, "80", AF_UNSPEC, SOCK_STREAM, AI_PASSIVE));
    SHOW_TEXT(look_up(NULL, NULL, AF_UNSPEC, SOCK_STREAM, 0));
    SHOW_TEXT(look_up("localhost", "80", AF_INET, SOCK_STREAM, 0));
    SHOW_TEXT(look_up("127.0.0.1", "99999", AF_UNSPEC, SOCK_STREAM, 0));
    SHOW_TEXT(look_up("127.0.0.1", "nosuchservice", AF_UNSPEC, SOCK_STREAM, 0));
    SHOW_TEXT(look_up("127.0.0.1", "http", AF_UNSPEC, SOCK_STREAM, AI_NUMERICSERV));
    SHOW_TEXT(look_up("127.0.0.1", "80", 77, SOCK_STREAM, 0));
    SHOW_TEXT(look_up("127.0.0.1", "80", AF_UNSPEC, 77, 0));
    SHOW_TEXT(look_up("127.0.0.1", "80", AF_UNSPEC, SOCK_STREAM, 0x40000000));
    SHOW_TEXT(code_name(getnameinfo(&a.any, sizeof(a.ip4), text, 3, NULL, 0, NI_NUMERICHOST)));
    SHOW_TEXT(code_name(getnameinfo(&a.any, 3, text, 5, NULL, 0, NI_NUMERICHOST)));
    SHOW_TRUTH(gethostbyname("127.0.0.1") != NULL);
    SHOW(inet_pton(AF_INET, "1.2.3", &a));
    SHOW(inet_pton(77, "1.2.3.4", &a));
}
