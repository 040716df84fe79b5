# lib/net and lwIP, two archives. What of lwIP is left out, and why: all of src/api (sockets are
# ours, and core.c runs the stack without a thread), dns.c (the C library resolves names; resolv.c
# keeps the list of servers), altcp, autoip, igmp, dhcp6, stats (nobody uses them).

LWIP := $(DEPS)/lwip-2.1.3/src
LWIP_SRC := \
    $(addprefix core/,def.c inet_chksum.c init.c ip.c mem.c memp.c netif.c pbuf.c raw.c \
        tcp.c tcp_in.c tcp_out.c timeouts.c udp.c) \
    $(addprefix core/ipv4/,dhcp.c etharp.c icmp.c ip4.c ip4_addr.c ip4_frag.c) \
    $(addprefix core/ipv6/,ethip6.c icmp6.c ip6.c ip6_addr.c ip6_frag.c mld6.c nd6.c) \
    netif/ethernet.c

# No header of the machine's own C library; lib/net/compat has the one that lwIP asks for.
NET_CPPFLAGS := -nostdinc -isystem $(GCC_INCLUDE) -I$(LWIP)/include -Ilib/net -Ilib/net/compat
NET_OBJ := $(call obj,$(wildcard lib/net/*.c))
LWIP_OBJ := $(LWIP_SRC:%.c=$(B)/obj/lwip/%.o)

$(NET_OBJ): KERNEL_CFLAGS += $(NET_CPPFLAGS)
$(NET_OBJ): | $(LWIP)/include
$(LWIP)/include:
	tools/setup

# lwIP's own warnings are not ours to mend.
$(B)/obj/lwip/%.o: $(LWIP)/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(NET_CPPFLAGS) -w $(LWIP_FLAGS) -c -o $@ $<
$(LWIP_SRC:%=$(LWIP)/%): | $(LWIP)/include ;

# The preprocessor checks the window there (lwipopts.h).
$(B)/obj/lwip/core/init.o: LWIP_FLAGS := -DNET_LWIP_INIT
# Asks connection.c whether a segment may leave (hooks.h).
$(B)/obj/lwip/core/tcp_out.o: LWIP_FLAGS := -DNET_LWIP_TCP_OUT
# Choose among sockets that share a port (reuse.c).
$(B)/obj/lwip/core/ipv4/ip4.o $(B)/obj/lwip/core/ipv6/ip6.o: LWIP_FLAGS := \
    -Dtcp_input=net_tcp_input -Dudp_input=net_udp_input
# Bounds the number of connections (memory.c).
$(B)/obj/lwip/core/tcp.o: LWIP_FLAGS := -Dmemp_malloc=net_tcp_malloc -Dmemp_free=net_tcp_free
# Has its timers whatever happens to memory (memory.c), and shows the next one (core.c).
$(B)/obj/lwip/core/timeouts.o: LWIP_FLAGS := -Dmemp_malloc=net_timer_malloc \
    -Dmemp_free=net_timer_free -DLWIP_TESTMODE=1
# Shows its messages and what they make of the card (dhcp.c).
$(B)/obj/lwip/core/ipv4/dhcp.o: LWIP_FLAGS := -Dudp_recv=net_dhcp_recv \
    -Dnetif_set_addr=net_dhcp_address

$(B)/libnet.a: $(NET_OBJ)
$(B)/liblwip.a: $(LWIP_OBJ)
OURS += $(B)/libnet.a $(B)/liblwip.a
