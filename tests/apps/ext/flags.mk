LDLIBS += -lringlet-ext
