# httpd is a part of the program, by the link in this folder.
$(WORK)/httpd/main.c.o: CFLAGS += -Dmain=httpd_main
