/*
 * Splitting the command line. The rules are in cmdline.h; the table of cases that pins them
 * down is tests/data/cmdline.cases, which unit and system tests read.
 */
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

/* Put at the end of the line by the machine itself, behind whatever the user wrote. */
#define MACHINE_KEY "virtio_mmio.device"

static const char *const known[] = {"ip",   "gw",  "dns",      "ip6",      "console",
                                    "root", "log", "hostname", MACHINE_KEY};
static const char *const per_interface[] = {"ip", "gw", "dns", "ip6"};

static char *words[CMDLINE_MAX_WORDS]; /* the kernel's */
static int nr_words;
static char *arguments[CMDLINE_MAX_WORDS + 1]; /* the application's, NULL-terminated */
static int nr_arguments;

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Cut the next word out of [*at, end), in place: quotes and escapes vanish, and what ends the
 * text becomes a terminator. NULL at the end. */
static char *
next_word(char **at, const char *end)
{
    char *from = *at;

    while (from < end && is_blank(*from))
        from++;
    if (from == end)
        return NULL;

    char *word = from, *to = from;
    bool inside = false;
    for (; from < end && (inside || !is_blank(*from)); from++) {
        if (*from == '"') {
            inside = !inside;
            continue;
        }
        if (*from == '\\' && (from[1] == '"' || from[1] == '\'' || from[1] == '\\'))
            from++;
        *to++ = *from;
    }
    *at = from < end ? from + 1 : from;
    *to = '\0';
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

static bool
is_known(const char *word)
{
    size_t prefix = interface_prefix(word);
    const char *const *keys = prefix ? per_interface : known;
    size_t count = prefix ? ARRAY_SIZE(per_interface) : ARRAY_SIZE(known);

    for (size_t i = 0; i < count; i++)
        if (starts_with_key(word + prefix, keys[i]))
            return true;
    return false;
}

static void
add_argument(char *word)
{
    if (nr_arguments == CMDLINE_MAX_WORDS) {
        log_warn("command line: more than %d arguments, '%s' is left out", CMDLINE_MAX_WORDS,
                 word);
        return;
    }
    arguments[nr_arguments++] = word;
    arguments[nr_arguments] = NULL;
}

static void
add_word(char *word)
{
    if (nr_words == CMDLINE_MAX_WORDS) {
        log_warn("command line: more than %d words, '%s' is left out", CMDLINE_MAX_WORDS, word);
        return;
    }
    words[nr_words++] = word;
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

void
cmdline_init(char *text, const char *name)
{
    static char *all[2 * CMDLINE_MAX_WORDS];
    static bool kernels[2 * CMDLINE_MAX_WORDS];
    int count = 0, dashes = -1;
    char *word, *machines = machine_words(text), *end = machines;

    nr_words = nr_arguments = 0;
    add_argument((char *)name);
    while (end > text && is_blank(end[-1]))
        end--;
    while ((word = next_word(&text, end))) {
        if (count == (int)ARRAY_SIZE(all)) {
            log_warn("command line: too many words, '%s' and what follows is left out", word);
            break;
        }
        if (dashes < 0 && strcmp(word, "--") == 0)
            dashes = count;
        kernels[count] = is_known(word);
        all[count++] = word;
    }
    for (int i = 0; i < count; i++) {
        if (i == dashes)
            continue;
        if (dashes >= 0 ? i > dashes : !kernels[i])
            add_argument(all[i]);
        else if (kernels[i])
            add_word(all[i]);
        else
            log_warn(
                "command line: '%s' before -- is not a word that the kernel knows; ignored",
                all[i]);
    }
    for (end = machines + strlen(machines); (word = next_word(&machines, end));)
        add_word(word);
}

const char *
cmdline_word(const char *interface, const char *key)
{
    for (int i = nr_words - 1; i >= 0; i--) {
        const char *word = words[i];
        size_t prefix = interface_prefix(word);
        bool mine = prefix ? interface && strlen(interface) + 1 == prefix &&
                                 strncmp(word, interface, prefix - 1) == 0
                           : !interface || strcmp(interface, "eth0") == 0;
        if (mine && starts_with_key(word + prefix, key))
            return word + prefix + strlen(key) + 1;
    }
    return NULL;
}

const char *
cmdline_nth(const char *key, int n)
{
    for (int i = 0; i < nr_words; i++)
        if (starts_with_key(words[i], key) && n-- == 0)
            return words[i] + strlen(key) + 1;
    return NULL;
}

int
cmdline_argc(void)
{
    return nr_arguments;
}

char **
cmdline_argv(void)
{
    return arguments;
}

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
