/*
 * /status: the machine as JSON, for the demo page and for whoever watches the server. Asks
 * the kernel's own tables; the rest of the server does not know that it runs on Ringlet.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "drivers/virtio/virtio.h"
#include "httpd.h"
#include "kernel/boot_info.h"
#include "kernel/device.h"
#include "kernel/memory.h"
#include "kernel/platform.h"
#include "lib/net/net.h"

typedef unsigned long long ull;

#define FIRST "{\"" /* before a name */
#define NEXT  ",\""

/* Most of the page is made of these, without a format. */
static void
add_text(struct text *json, const char *a, const char *b, const char *c)
{
    text_add_plain(json, a);
    text_add_plain(json, b);
    text_add_plain(json, c);
}

static void
add_string(struct text *json, const char *name, const char *value)
{
    add_text(json, "\"", name, "\":\"");
    text_add_json(json, value);
    text_add_plain(json, "\"");
}

static void
add_number(struct text *json, const char *before, const char *name, ull value)
{
    add_text(json, before, name, "\":");
    text_add_number(json, value);
}

static void
add_flag(struct text *json, const char *name, bool value)
{
    add_text(json, NEXT, name, value ? "\":true" : "\":false");
}

static void
add_memory(struct text *json)
{
    struct memory_info m;

    memory_info(&m);
    add_number(json, "\"memory\":" FIRST, "total", m.total);
    add_number(json, NEXT, "free", m.free);
    add_number(json, NEXT, "least_free", m.least);
    text_add_plain(json, "}");
}

static void
add_server(struct text *json)
{
    add_number(json, "\"server\":" FIRST, "connections", counters.open);
    add_number(json, NEXT, "accepted", counters.accepted);
    add_number(json, NEXT, "requests", counters.requests);
    add_number(json, NEXT, "errors", counters.errors);
    add_number(json, NEXT, "bytes_sent", counters.bytes_sent);
    text_add_plain(json, "}");
}

/* ---- network ---- */

static void
add_address(struct text *json, const struct net_address *address, unsigned prefix)
{
    char name[INET6_ADDRSTRLEN] = "";

    inet_ntop(address->family, address->bytes, name, sizeof(name));
    add_text(json, "\"", name, "/");
    text_add_number(json, prefix);
    text_add_plain(json, "\"");
}

static void
add_interface(struct text *json, const struct net_interface *i)
{
    const char *comma = "";

    text_add_plain(json, "{");
    add_string(json, "name", i->name);
    text_add(json, ",\"mac\":\"%02x:%02x:%02x:%02x:%02x:%02x\"", i->mac[0], i->mac[1],
             i->mac[2], i->mac[3], i->mac[4], i->mac[5]);
    add_number(json, NEXT, "mtu", i->mtu);
    add_flag(json, "up", i->up);
    add_flag(json, "link", i->link_up);
    text_add_plain(json, ",\"addresses\":[");
    if (i->ip4.family) {
        add_address(json, &i->ip4, i->prefix4);
        comma = ",";
    }
    for (unsigned n = 0; n < i->nr_ip6; n++, comma = ",") {
        text_add_plain(json, comma);
        add_address(json, &i->ip6[n], 64);
    }
    add_number(json, "]" NEXT, "rx_frames", i->rx_frames);
    add_number(json, NEXT, "rx_bytes", i->rx_bytes);
    add_number(json, NEXT, "rx_dropped", i->rx_dropped);
    add_number(json, NEXT, "rx_bad", i->rx_bad);
    add_number(json, NEXT, "tx_frames", i->tx_frames);
    add_number(json, NEXT, "tx_bytes", i->tx_bytes);
    add_number(json, NEXT, "tx_dropped", i->tx_dropped);
    text_add_plain(json, "}");
}

static void
add_interfaces(struct text *json)
{
    struct net_interface interface;

    text_add_plain(json, "\"interfaces\":[");
    for (unsigned n = 0; net_interface_get(n, &interface); n++) {
        text_add_plain(json, n ? ",\n  " : "\n  ");
        add_interface(json, &interface);
    }
    text_add_plain(json, "]");
}

/* ---- disks ---- */

static void
add_disks(struct text *json)
{
    struct disk_device *disk = NULL;
    const char *comma = "";

    text_add_plain(json, "\"disks\":[");
    while ((disk = disk_next(disk))) {
        const struct disk_counters *c = &disk->counters;
        add_text(json, comma, "\n  {", "");
        add_string(json, "name", disk->name);
        text_add_plain(json, ",");
        add_string(json, "serial", disk->serial);
        add_number(json, NEXT, "bytes", disk->capacity * DISK_SECTOR);
        add_flag(json, "read_only", disk->read_only);
        add_flag(json, "broken", disk->broken);
        add_number(json, NEXT, "reads", c->reads);
        add_number(json, NEXT, "read_bytes", c->read_bytes);
        add_number(json, NEXT, "writes", c->writes);
        add_number(json, NEXT, "write_bytes", c->write_bytes);
        add_number(json, NEXT, "flushes", c->flushes);
        add_number(json, NEXT, "errors", c->errors);
        add_number(json, NEXT, "timeouts", c->timeouts);
        text_add_plain(json, "}");
        comma = ",";
    }
    text_add_plain(json, "]");
}

/* ---- virtio devices ---- */

static void
add_features(struct text *json, const struct virtio_device *v)
{
    const char *comma = "";

    text_add_plain(json, ",\"features\":[");
    for (unsigned bit = 0; bit < 64; bit++) {
        if (!virtio_has(v, bit))
            continue;
        const char *name = virtio_feature_name(v->type, bit);
        add_text(json, comma, "\"", name ? name : "bit ");
        if (!name)
            text_add_number(json, bit);
        text_add_plain(json, "\"");
        comma = ",";
    }
    text_add_plain(json, "]");
}

static void
add_queues(struct text *json, const struct virtio_device *v)
{
    const char *comma = "";

    text_add_plain(json, ",\"queues\":[");
    for (unsigned i = 0; i < VIRTIO_MAX_QUEUES; i++) {
        const struct virtqueue *q = v->queues[i];
        if (!q)
            continue;
        add_text(json, comma, "{", "");
        add_string(json, "name", q->name);
        add_number(json, NEXT, "size", q->size);
        add_number(json, NEXT, "added", q->added);
        add_number(json, NEXT, "reaped", q->reaped);
        add_number(json, NEXT, "kicks", q->kicks);
        add_number(json, NEXT, "kicks_suppressed", q->kicks_suppressed);
        add_number(json, NEXT, "interrupts", q->interrupts);
        add_number(json, NEXT, "violations", q->violations);
        text_add_plain(json, "}");
        comma = ",";
    }
    text_add_plain(json, "]");
}

static void
add_devices(struct text *json)
{
    struct virtio_device *v = NULL;
    const char *comma = "";

    text_add_plain(json, "\"devices\":[");
    while ((v = virtio_device_next(v))) {
        add_text(json, comma, "\n  {", "");
        add_string(json, "where", v->where);
        text_add_plain(json, ",");
        add_string(json, "transport", v->transport->name);
        text_add_plain(json, ",");
        add_string(json, "type", virtio_type_name(v->type));
        add_flag(json, "running", v->running);
        add_number(json, NEXT, "interrupts", v->interrupts);
        add_features(json, v);
        add_queues(json, v);
        text_add_plain(json, "}");
        comma = ",";
    }
    text_add_plain(json, "]");
}

/* ---- all of it ---- */

void
status_json(struct text *json)
{
    uint64_t now = clock_now();

    text_add_plain(json, "{");
    add_string(json, "system", "Ringlet");
    text_add_plain(json, ",");
    add_string(json, "platform", platform->name);
    text_add_plain(json, ",");
    add_string(json, "door", boot_info.door);
    text_add(json, ",\n\"uptime\":%llu.%03u,\"time\":%lld,\n", (ull)(now / NSEC_PER_SEC),
             (unsigned)(now / NSEC_PER_MSEC % 1000), (long long)time(NULL));
    add_memory(json);
    text_add_plain(json, ",\n");
    add_server(json);
    text_add_plain(json, ",\n");
    add_interfaces(json);
    text_add_plain(json, ",\n");
    add_disks(json);
    text_add_plain(json, ",\n");
    add_devices(json);
    text_add_plain(json, "}\n");
}

/* Kept for the turn: whoever watches wants it at about the same time. Its lines become one. */
void
status_event(struct text *event)
{
    static struct text last;
    static int64_t of_turn = -1;

    if (turn != of_turn || last.failed) {
        last.len = 0;
        last.failed = false;
        text_add_plain(&last, "data: ");
        status_json(&last);
        for (size_t i = 0; i < last.len; i++)
            if (last.data[i] == '\n')
                last.data[i] = ' ';
        text_add_plain(&last, "\n\n");
        of_turn = turn;
    }
    if (last.failed)
        event->failed = true;
    else
        text_add_bytes(event, last.data, last.len);
}

void
status_address(char *to, size_t size, unsigned port)
{
    struct net_interface interface;
    char name[INET_ADDRSTRLEN], suffix[16] = "";

    to[0] = '\0';
    if (port != 80)
        snprintf(suffix, sizeof(suffix), ":%u", port);
    for (unsigned n = 0; net_interface_get(n, &interface); n++)
        if (interface.ip4.family &&
            inet_ntop(AF_INET, interface.ip4.bytes, name, sizeof(name))) {
            snprintf(to, size, "http://%s%s/", name, suffix);
            return;
        }
}
