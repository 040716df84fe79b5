# The system calls of sockets, and the family inside the machine (AF_UNIX), in one archive.

$(B)/libsocket.a: $(call obj,$(wildcard lib/socket/*.c lib/unix/*.c))

OURS += $(B)/libsocket.a
