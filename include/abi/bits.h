/* Bit n of a mask, 64 bits wide as masks of features are: on both sides of a device, and in the kernel. */
#ifndef ABI_BITS_H
#define ABI_BITS_H

#define BIT(n) (1ull << (n))

#endif
