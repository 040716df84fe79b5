/*
 * The command line: `key=value` words that the kernel knows, and the application's argv.
 * With a word "--": what comes before it is the kernel's (an unknown word there gets one
 * warning that names it), what comes after is argv. Without: known words are the kernel's,
 * the rest is argv. Double quotes group, and \" \' \\ stand for " ' \ inside and outside of
 * them (which is how GRUB writes its arguments); any other \ is itself.
 *
 * Known words: ip gw dns ip6 (each may carry "ethN:" in front), console root mount log hostname,
 * env.NAME (a variable of the application's environment; as many as there are) and
 * virtio_mmio.device, which may repeat. The last comes from machines rather than people: QEMU's
 * microvm and Firecracker write one for each device behind all that the user wrote. So those at
 * the very end of the line are the kernel's even behind a "--".
 */
#ifndef KERNEL_CMDLINE_H
#define KERNEL_CMDLINE_H

#include <stddef.h>

/* Split `text` (kept; changed in place). The program's name is `name`. Called once by kmain. */
void cmdline_init(char *text, const char *name);

/*
 * Value of the last `key=value` of the kernel's words, NULL if there is none. `interface`
 * (may be NULL) is "eth1": then "eth1:key=" is looked for, and for "eth0" plain "key=" too.
 */
const char *cmdline_word(const char *interface, const char *key);

/* Value of the nth `key=value`, from 0 on in the order given; NULL when there are no more. */
const char *cmdline_nth(const char *key, int n);

/*
 * For the application, in writable memory: its name (argv[0]); the argument behind `after`, or
 * the first for NULL; likewise the variables, as "NAME=value". NULL when there are no more.
 */
const char *cmdline_program(void);
char *cmdline_argument(char *after);
char *cmdline_variable(char *after);

/*
 * QEMU puts the image's path in front, unquoted. Returns the text behind the first place
 * where `name` stands as a whole path component that ends a word; if it stands nowhere,
 * behind the first word.
 */
const char *cmdline_after_path(const char *text, const char *name);

/* One clear line for a wrong value; the caller goes on with its default. */
void cmdline_bad_value(const char *key, const char *value, const char *wanted);

#endif
