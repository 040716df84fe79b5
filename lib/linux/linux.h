/*
 * Programs that were built for 32-bit Linux, static and unchanged: lib/linux puts one into memory from
 * the root's files and lets it run by the system calls of lib/libc.
 */
#ifndef LINUX_LINUX_H
#define LINUX_LINUX_H

/*
 * Run the program `path` with NULL-terminated arguments and environment. The machine ends with it, so
 * this returns only if it could not be started: a negative errno, after a line that says why. Called once,
 * on the first thread.
 */
int linux_run(const char *path, char *const argv[], char *const envp[]);

#endif
