/*
 * What the files of this program share. Every line of its output is `subject: expression =
 * result`, and the expression is the C text itself, so that a difference between two systems
 * names the call to look at.
 */
#ifndef SHOW_H
#define SHOW_H

#include <errno.h>

/* The result of a call as the C library gives it: a number, or the error's name for -1. */
#define SHOW(e) show_result(#e, (errno = 0, (long)(e)))
/* Of a call that returns its error: 0, or the error's name. */
#define SHOW_CODE(e) show_code(#e, (int)(e))
/* A text, or the error's name where it is NULL. */
#define SHOW_TEXT(e) show_text(#e, (errno = 0, (e)))
/* Whether something holds. */
#define SHOW_TRUTH(e) show_truth(#e, (e) ? 1 : 0)

/* All lines from here on are of this subject. */
void show_subject(const char *name);
void show_result(const char *expression, long result);
void show_code(const char *expression, int code);
void show_text(const char *expression, const char *text);
void show_truth(const char *expression, int truth);

/* One for each file of subjects. */
void files(void);
void paths(void);
void streams(void);
void pipes(void);
void waits(void);
void epolls(void);
void threads(void);
void signals(void);
void clocks(void);
void timers(void);
void transfers(void);
void locals(void);
void sockets(void);
void socketcalls(void);
void datagrams(void);
void names(void);
void memory(void);
void process(void);
void interfaces(void);
void tuning(void);
void places(void);
void numbers(void);
void changes(void);
void contents(void);
void mappings(void);
void locks(void);
void shared(void);
void queues(void);
void rights(void);
void overlaid(void);

#endif
