/*
 * Splitting the command line. The rules are in cmdline.h; the table of cases that pins them
 * down is tests/data/cmdline.cases, which unit and system tests read.
 *
 * The words stay in the text itself, one behind the other with a NUL between: the first use of
 * this file comes before there is memory to allocate, and so there can be as many as there are.
 */
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

/* Put at the end of the line by the machine itself, behind whatever the user wrote. */
#define MACHINE_KEY "virtio_mmio.device"

static const char *const known[] = {"ip",    "gw",  "dns",      "ip6",   "console", "root",
                                    "mount", "log", "hostname", "stdio", MACHINE_KEY};
#define NR_PER_INTERFACE 4 /* of them, the first */

#define ENV_PREFIX "env."

static const char *program;
static char *first, *end; /* of the words; each is followed by a NUL */
static char *dashes;      /* the first "--" of the user's, or NULL */
static char *machines;    /* the first of the machine's own, or `end` */

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Move the next word of [*from, until) to *to, which is never behind it: quotes and escapes
 * vanish on the way. NULL at the end. */
static char *
next_word(char **from, const char *until, char **to)
{
    char *at = *from, *word = *to, *out = word;
    bool inside = false;

    while (at < until && is_blank(*at))
        at++;
    if (at == until)
        return NULL;
    for (; at < until && (inside || !is_blank(*at)); at++) {
        if (*at == '"') {
            inside = !inside;
            continue;
        }
        if (*at == '\\' && (at[1] == '"' || at[1] == '\'' || at[1] == '\\'))
            at++;
        *out++ = *at;
    }
    *from = at < until ? at + 1 : at;
    *out++ = '\0';
    *to = out;
    return word;
}

/* Length of "eth<digits>:" at the start of the word, or 0. */
static size_t
interface_prefix(const char *word)
{
    size_t n = 3;

    if (strncmp(word, "eth", 3) != 0)
        return 0;
    while (word[n] >= '0' && word[n] <= '9')
        n++;
    return n > 3 && word[n] == ':' ? n + 1 : 0;
}

static bool
starts_with_key(const char *word, const char *key)
{
    size_t len = strlen(key);

    return strncmp(word, key, len) == 0 && word[len] == '=';
}

/* env.NAME=value, with a name */
static bool
is_environment(const char *word)
{
    size_t prefix = strlen(ENV_PREFIX);

    return strncmp(word, ENV_PREFIX, prefix) == 0 && word[prefix] != '=' &&
           strchr(word + prefix, '=');
}

static bool
is_known(const char *word)
{
    size_t prefix = interface_prefix(word);
    size_t count = prefix ? NR_PER_INTERFACE : ARRAY_SIZE(known);

    for (size_t i = 0; i < count; i++)
        if (starts_with_key(word + prefix, known[i]))
            return true;
    return is_environment(word);
}

/* Where the words begin that the machine put behind the user's, whatever quotes those leave
 * open. */
static char *
machine_words(char *text)
{
    char *first = text + strlen(text);

    while (first > text) {
        char *at = first;
        while (at > text && is_blank(at[-1]))
            at--;
        while (at > text && !is_blank(at[-1]))
            at--;
        if (!starts_with_key(at, MACHINE_KEY))
            break;
        first = at;
    }
    return first;
}

/* ---- whose a word is ---- */

static bool
is_kernels(const char *word)
{
    return word >= machines || (is_known(word) && !(dashes && word > dashes));
}

static bool
is_variable(const char *word)
{
    return word < machines && is_kernels(word) && is_environment(word);
}

static bool
is_argument(const char *word)
{
    return word < machines && (dashes ? word > dashes : !is_known(word));
}

/* The next word of a kind behind `word`, or from the first on. */
static char *
next_of(bool (*kind)(const char *), char *word)
{
    for (word = word ? word + strlen(word) + 1 : first; word < end; word += strlen(word) + 1)
        if (kind(word))
            return word;
    return NULL;
}

/* ---- for the kernel ---- */

static void
warn_of_unknown(void)
{
    for (char *word = first; dashes && word < dashes; word += strlen(word) + 1)
        if (!is_known(word))
            log_warn(
                "command line: '%s' before -- is not a word that the kernel knows; ignored",
                word);
}

void
cmdline_init(char *text, const char *name)
{
    char *word, *from = text, *to = text;
    char *machine_text = machine_words(text), *user_end = machine_text;
    char *text_end = machine_text + strlen(machine_text);

    program = name;
    first = text;
    dashes = NULL;
    while (user_end > text && is_blank(user_end[-1]))
        user_end--;
    while ((word = next_word(&from, user_end, &to)))
        if (!dashes && strcmp(word, "--") == 0)
            dashes = word;
    machines = to;
    for (from = machine_text; next_word(&from, text_end, &to);)
        continue;
    end = to;
    warn_of_unknown();
}

const char *
cmdline_word(const char *interface, const char *key)
{
    const char *value = NULL;

    for (char *word = NULL; (word = next_of(is_kernels, word));) {
        size_t prefix = interface_prefix(word);
        bool mine = prefix ? interface && strlen(interface) + 1 == prefix &&
                                 strncmp(word, interface, prefix - 1) == 0
                           : !interface || strcmp(interface, "eth0") == 0;
        if (mine && starts_with_key(word + prefix, key))
            value = word + prefix + strlen(key) + 1;
    }
    return value;
}

const char *
cmdline_nth(const char *key, int n)
{
    for (char *word = NULL; (word = next_of(is_kernels, word));)
        if (starts_with_key(word, key) && n-- == 0)
            return word + strlen(key) + 1;
    return NULL;
}

/* ---- for the application ---- */

const char *
cmdline_program(void)
{
    return program;
}

char *
cmdline_argument(char *after)
{
    return next_of(is_argument, after);
}

char *
cmdline_variable(char *after)
{
    char *word = next_of(is_variable, after ? after - strlen(ENV_PREFIX) : NULL);

    return word ? word + strlen(ENV_PREFIX) : NULL;
}

/* ---- what QEMU puts in front ---- */

const char *
cmdline_after_path(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = text; *at; at++) {
        bool component = at == text || at[-1] == '/';
        if (component && strncmp(at, name, len) == 0 && (is_blank(at[len]) || !at[len]))
            return at + len;
    }
    while (*text && !is_blank(*text))
        text++;
    return text;
}

void
cmdline_bad_value(const char *key, const char *value, const char *wanted)
{
    log_warn("command line: %s=%s is not understood (%s); the default is used", key, value,
             wanted);
}
