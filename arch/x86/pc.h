/*
 * The PC as a platform: what the boot code of a PC's loaders sets `platform` to.
 */
#ifndef ARCH_X86_PC_H
#define ARCH_X86_PC_H

#include "kernel/platform.h"

extern const struct platform pc_platform;

#endif
