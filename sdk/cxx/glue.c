/*
 * What lies between Debian's libstdc++, which was compiled with glibc's headers, and musl.
 *
 * libstdc++ reads three tables inside glibc's struct __locale_struct, and passes locales to functions
 * with the ending _l. musl's locale has another form. So the kit's copy of the archive has those
 * names redirected (the file names beside this one) to the functions here, which know one locale, "C", in
 * glibc's form; a std::locale of another name throws, as on a Linux without that locale.
 *
 * What else passes between the two has one form in both: mbstate_t, struct tm, the pthread types with
 * their initial values of 0, the numbers of nl_langinfo; struct stat and struct timespec are those of the
 * names that libstdc++ calls (stat64, clock_gettime), which in musl are the ones of 32-bit times,
 * where what is compiled here goes by other names. bits/ has what its headers want to know.
 */
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <wchar.h>
#include <wctype.h>

#define GLUE(name) __ringlet_cxx_##name

/* glibc's bits/types/__locale_t.h; the tables are those that its ctype.h documents. */
struct glibc_locale {
    const void *categories[13];
    const unsigned short *classes;
    const int32_t *lower, *upper;
    const char *names[13];
};

const unsigned short **__ctype_b_loc(void);
const int32_t **__ctype_tolower_loc(void);
const int32_t **__ctype_toupper_loc(void);

static struct glibc_locale c_locale;

/* The C library's locale for one of libstdc++'s: that, or what GLUE(uselocale) gave it. */
static locale_t
unwrap(void *locale)
{
    static locale_t musl_c;

    if (locale != &c_locale)
        return locale;
    if (!musl_c)
        musl_c = newlocale(LC_ALL_MASK, "C", NULL);
    return musl_c;
}

void *
GLUE(newlocale)(int mask, const char *name, void *base)
{
    (void)mask, (void)base;
    if (strcmp(name, "C") != 0 && strcmp(name, "POSIX") != 0) {
        errno = ENOENT;
        return NULL;
    }
    c_locale.classes = *__ctype_b_loc();
    c_locale.lower = *__ctype_tolower_loc();
    c_locale.upper = *__ctype_toupper_loc();
    return &c_locale;
}

void *
GLUE(duplocale)(void *locale)
{
    return locale;
}

void
GLUE(freelocale)(void *locale)
{
    (void)locale;
}

/* What it returns is only ever handed back to it. */
void *
GLUE(uselocale)(void *locale)
{
    return uselocale(unwrap(locale));
}

/* objcopy gives each name one of its own: these are called with two underscores and without. */
extern __typeof(GLUE(newlocale)) GLUE(plain_newlocale) __attribute__((alias("__ringlet_cxx_newlocale")));
extern __typeof(GLUE(freelocale)) GLUE(plain_freelocale) __attribute__((alias("__ringlet_cxx_freelocale")));
extern __typeof(GLUE(uselocale)) GLUE(plain_uselocale) __attribute__((alias("__ringlet_cxx_uselocale")));

char *
GLUE(nl_langinfo_l)(nl_item item, void *locale)
{
    return nl_langinfo_l(item, unwrap(locale));
}

int
GLUE(iswctype_l)(wint_t c, wctype_t type, void *locale)
{
    return iswctype_l(c, type, unwrap(locale));
}

wctype_t
GLUE(wctype_l)(const char *name, void *locale)
{
    return wctype_l(name, unwrap(locale));
}

wint_t
GLUE(towlower_l)(wint_t c, void *locale)
{
    return towlower_l(c, unwrap(locale));
}

wint_t
GLUE(towupper_l)(wint_t c, void *locale)
{
    return towupper_l(c, unwrap(locale));
}

int
GLUE(strcoll_l)(const char *a, const char *b, void *locale)
{
    return strcoll_l(a, b, unwrap(locale));
}

size_t
GLUE(strxfrm_l)(char *to, const char *from, size_t n, void *locale)
{
    return strxfrm_l(to, from, n, unwrap(locale));
}

int
GLUE(wcscoll_l)(const wchar_t *a, const wchar_t *b, void *locale)
{
    return wcscoll_l(a, b, unwrap(locale));
}

size_t
GLUE(wcsxfrm_l)(wchar_t *to, const wchar_t *from, size_t n, void *locale)
{
    return wcsxfrm_l(to, from, n, unwrap(locale));
}

size_t
GLUE(strftime_l)(char *to, size_t n, const char *format, const struct tm *tm, void *locale)
{
    return strftime_l(to, n, format, tm, unwrap(locale));
}

size_t
GLUE(wcsftime_l)(wchar_t *to, size_t n, const wchar_t *format, const struct tm *tm, void *locale)
{
    return wcsftime_l(to, n, format, tm, unwrap(locale));
}

/* Numbers are read alike in every locale of musl's. */
float
GLUE(strtof_l)(const char *text, char **end, void *locale)
{
    (void)locale;
    return strtof(text, end);
}

double
GLUE(strtod_l)(const char *text, char **end, void *locale)
{
    (void)locale;
    return strtod(text, end);
}

long double
GLUE(strtold_l)(const char *text, char **end, void *locale)
{
    (void)locale;
    return strtold(text, end);
}

/* glibc's, and not musl 1.2.3's. */

char __libc_single_threaded; /* never sure */

uint32_t
arc4random(void)
{
    uint32_t number;

    if (getrandom(&number, sizeof(number), 0) != sizeof(number))
        abort();
    return number;
}

/* libgcc asks here for a piece of code's tables only when nobody has registered any, as gcc's
 * crtbeginT.o does in every program with exceptions. */
int
_dl_find_object(void *address, void *result)
{
    (void)address, (void)result;
    return -1;
}

/* ---- destructors of thread_local objects: at the end of their thread, or of the program ---- */

struct destructor {
    void (*call)(void *);
    void *object;
    struct destructor *next;
};

static __thread struct destructor *destructors; /* of this thread, the last first */
static pthread_key_t at_end;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
destroy_all(void *unused)
{
    (void)unused;
    while (destructors) {
        struct destructor *d = destructors;

        destructors = d->next;
        d->call(d->object);
        free(d);
    }
}

static void
destroy_at_exit(void)
{
    destroy_all(NULL);
}

static void
prepare(void)
{
    if (pthread_key_create(&at_end, destroy_all) != 0 || atexit(destroy_at_exit) != 0)
        abort();
}

int
__cxa_thread_atexit_impl(void (*call)(void *), void *object, void *library)
{
    struct destructor *d = malloc(sizeof(*d));

    (void)library;
    if (!d)
        return -1;
    *d = (struct destructor){call, object, destructors};
    pthread_once(&once, prepare);
    if (pthread_setspecific(at_end, d) != 0) { /* any value, so that destroy_all is called */
        free(d);
        return -1;
    }
    destructors = d;
    return 0;
}
