/*
 * From a line to words, as the shells that people know do it. Relies on nothing.
 */
#include "shell.h"

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Copy one word to *to, which never overtakes *from; false if a quote stays open. */
static bool
take_word(char **from, char **to)
{
    char quote = '\0';
    char *in = *from, *out = *to;

    for (; *in && (quote || !is_blank(*in)); in++) {
        if (quote && *in == quote)
            quote = '\0';
        else if (!quote && (*in == '"' || *in == '\''))
            quote = *in;
        else if (*in == '\\' && quote != '\'' && in[1])
            *out++ = *++in;
        else
            *out++ = *in;
    }
    *from = in;
    *to = out;
    return !quote;
}

int
words_split(char *line, char *words[WORDS_MAX + 1], const char **error)
{
    char *from = line, *to = line;
    int count = 0;

    for (;;) {
        while (is_blank(*from))
            from++;
        if (!*from || *from == '#')
            break;
        if (count == WORDS_MAX) {
            *error = "too many words";
            return -1;
        }
        words[count++] = to;
        if (!take_word(&from, &to)) {
            *error = "a quote is not closed";
            return -1;
        }
        if (*from)
            from++;
        *to++ = '\0';
    }
    words[count] = NULL;
    return count;
}
