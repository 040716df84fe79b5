/* Steps of nettool that have files of their own. */
#ifndef NETTOOL_H
#define NETTOOL_H

/* Each takes "ADDRESS:PORT". */
int waiting_stream(char *where);
int waiting_closed(char *where);
int waiting_datagram(char *where);

#endif
