/*
 * What lwIP's sockets.c begins with (lwip.mk). Its table of sockets is an array of a fixed size
 * there; with this the array's name stands for memory that socket_table.c brings, and brings
 * anew when it has to be larger. lwIP takes the lowest number that is free, so it stays inside
 * as long as one is free there.
 */
#include "lwip/priv/sockets_priv.h"

static struct lwip_sock (*net_lwip_table)[NUM_SOCKETS]; /* sockets.c declares it once more */
#define sockets (*net_lwip_table)

void
net_lwip_sockets(void *table)
{
    net_lwip_table = table;
}
