/* What a program is started with: arguments, environment, the auxiliary vector, and where they lie. */
#include "check.h"
#include <elf.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

extern char **environ;
extern char __ehdr_start[];

int
main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        printf("argv[%d] = %s\n", i, argv[i]);
    CHECK(argv[argc] == NULL);
    CHECK(environ == argv + argc + 1);
    CHECK(((uintptr_t)&argv[-1] & 15) == 0); /* where the stack pointer was */
    CHECK(getenv("HOME") && getenv("PATH"));
    CHECK(getauxval(AT_PAGESZ) == 4096);
    CHECK(getauxval(AT_CLKTCK) == 100);
    CHECK(getauxval(AT_PHENT) == sizeof(Elf32_Phdr));
    CHECK(getauxval(AT_PHDR) > (uintptr_t)__ehdr_start);
    CHECK(getauxval(AT_PHNUM) == ((Elf32_Ehdr *)__ehdr_start)->e_phnum);
    CHECK(getauxval(AT_ENTRY) > (uintptr_t)__ehdr_start);
    CHECK(getauxval(AT_BASE) == 0 && getauxval(AT_SECURE) == 0);
    CHECK(getauxval(AT_UID) == 0 && getauxval(AT_EGID) == 0);
    CHECK(getauxval(AT_SYSINFO) != 0 && getauxval(AT_HWCAP) != 0);
    CHECK(strcmp((char *)getauxval(AT_PLATFORM), "i686") == 0);
    CHECK(strcmp((char *)getauxval(AT_EXECFN), argv[0]) == 0);
    const uint32_t *random = (void *)getauxval(AT_RANDOM);
    CHECK(random && random[0] != random[1] && random[2] != random[3]);
    return done(argc > 1 ? atoi(argv[1]) : 0);
}
