/*
 * A guest that is its own network: the card is a device model in the image, and the peer at its
 * other end is played by it. So what happens depends on nothing outside, and instructions of the
 * guest between two moments can be counted: those of the model are left out.
 */
#ifndef PATH_PATH_H
#define PATH_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 1514
#define ROUNDS    64 /* that are measured, after as many that are not */

/* ---- card.c ---- */

/* Its features are those of the card that the first argument names. */

/* The peer's: put a frame into the guest's next receive buffer; false when none is posted. */
bool card_deliver(const uint8_t *frame, size_t len);
/* Ticks of the processor, the model's own left out, and notifications of the card so far. */
uint64_t card_ticks(void);
extern unsigned card_notifications, card_interrupts;

/* ---- peer.c ---- */

enum work { WORK_HTTP, WORK_UDP, WORK_SEND, WORK_RECEIVE };

struct result {
    uint64_t ticks[ROUNDS]; /* of each round */
    unsigned segments;      /* of all rounds: frames with data, in the direction that counts */
    unsigned notifications, interrupts;
    unsigned bytes; /* of one answer */
};

void peer_start(enum work work, const char *path);
/* A frame that the guest sends. */
void peer_take(const uint8_t *frame, size_t len);
/* The guest has nothing to do. False: nor has the peer. */
bool peer_turn(void);
/* NULL until all rounds are over. */
const struct result *peer_result(void);

#endif
