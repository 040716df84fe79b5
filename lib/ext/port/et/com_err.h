/* The type of an error, all that libext2fs needs here of the library that turns them into text. */
#ifndef EXT_PORT_COM_ERR_H
#define EXT_PORT_COM_ERR_H

typedef long errcode_t;

#endif
