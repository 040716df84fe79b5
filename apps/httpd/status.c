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

static void
add_string(struct text *json, const char *name, const char *value)
{
    text_add(json, "\"%s\":\"", name);
    text_add_json(json, value);
    text_add(json, "\"");
}

static void
add_memory(struct text *json)
{
    struct memory_info m;

    memory_info(&m);
    text_add(json, "\"memory\":{\"total\":%zu,\"free\":%zu,\"least_free\":%zu}", m.total,
             m.free, m.least);
}

static void
add_server(struct text *json)
{
    text_add(json,
             "\"server\":{\"connections\":%u,\"accepted\":%llu,\"requests\":%llu,"
             "\"errors\":%llu,\"bytes_sent\":%llu}",
             counters.open, (ull)counters.accepted, (ull)counters.requests,
             (ull)counters.errors, (ull)counters.bytes_sent);
}

/* ---- network ---- */

static void
add_address(struct text *json, const struct net_address *address, unsigned prefix)
{
    char name[INET6_ADDRSTRLEN] = "";

    inet_ntop(address->family, address->bytes, name, sizeof(name));
    text_add(json, "\"%s/%u\"", name, prefix);
}

static void
add_interface(struct text *json, const struct net_interface *i)
{
    const char *comma = "";

    text_add(json, "{");
    add_string(json, "name", i->name);
    text_add(json,
             ",\"mac\":\"%02x:%02x:%02x:%02x:%02x:%02x\",\"mtu\":%u,\"up\":%s,\"link\":%s,"
             "\"addresses\":[",
             i->mac[0], i->mac[1], i->mac[2], i->mac[3], i->mac[4], i->mac[5], i->mtu,
             i->up ? "true" : "false", i->link_up ? "true" : "false");
    if (i->ip4.family) {
        add_address(json, &i->ip4, i->prefix4);
        comma = ",";
    }
    for (unsigned n = 0; n < i->nr_ip6; n++, comma = ",") {
        text_add(json, "%s", comma);
        add_address(json, &i->ip6[n], 64);
    }
    text_add(json,
             "],\"rx_frames\":%llu,\"rx_bytes\":%llu,\"rx_dropped\":%llu,\"rx_bad\":%llu,"
             "\"tx_frames\":%llu,\"tx_bytes\":%llu,\"tx_dropped\":%llu}",
             (ull)i->rx_frames, (ull)i->rx_bytes, (ull)i->rx_dropped, (ull)i->rx_bad,
             (ull)i->tx_frames, (ull)i->tx_bytes, (ull)i->tx_dropped);
}

static void
add_interfaces(struct text *json)
{
    struct net_interface interface;

    text_add(json, "\"interfaces\":[");
    for (unsigned n = 0; net_interface_get(n, &interface); n++) {
        text_add(json, n ? ",\n  " : "\n  ");
        add_interface(json, &interface);
    }
    text_add(json, "]");
}

/* ---- disks ---- */

static void
add_disks(struct text *json)
{
    struct disk_device *disk = NULL;
    const char *comma = "";

    text_add(json, "\"disks\":[");
    while ((disk = disk_next(disk))) {
        const struct disk_counters *c = &disk->counters;
        text_add(json, "%s\n  {", comma);
        add_string(json, "name", disk->name);
        text_add(json, ",");
        add_string(json, "serial", disk->serial);
        text_add(json,
                 ",\"bytes\":%llu,\"read_only\":%s,\"broken\":%s,\"reads\":%llu,"
                 "\"read_bytes\":%llu,\"writes\":%llu,\"write_bytes\":%llu,\"flushes\":%llu,"
                 "\"errors\":%llu,\"timeouts\":%llu}",
                 (ull)disk->capacity * DISK_SECTOR, disk->read_only ? "true" : "false",
                 disk->broken ? "true" : "false", (ull)c->reads, (ull)c->read_bytes,
                 (ull)c->writes, (ull)c->write_bytes, (ull)c->flushes, (ull)c->errors,
                 (ull)c->timeouts);
        comma = ",";
    }
    text_add(json, "]");
}

/* ---- virtio devices ---- */

static void
add_features(struct text *json, const struct virtio_device *v)
{
    const char *comma = "";

    text_add(json, ",\"features\":[");
    for (unsigned bit = 0; bit < 64; bit++) {
        const char *name = virtio_feature_name(v->type, bit);
        if (!virtio_has(v, bit))
            continue;
        if (name)
            text_add(json, "%s\"%s\"", comma, name);
        else
            text_add(json, "%s\"bit %u\"", comma, bit);
        comma = ",";
    }
    text_add(json, "]");
}

static void
add_queues(struct text *json, const struct virtio_device *v)
{
    const char *comma = "";

    text_add(json, ",\"queues\":[");
    for (unsigned i = 0; i < VIRTIO_MAX_QUEUES; i++) {
        const struct virtqueue *q = v->queues[i];
        if (!q)
            continue;
        text_add(json, "%s{", comma);
        add_string(json, "name", q->name);
        text_add(json,
                 ",\"size\":%u,\"added\":%llu,\"reaped\":%llu,\"kicks\":%llu,"
                 "\"kicks_suppressed\":%llu,\"interrupts\":%llu,\"violations\":%llu}",
                 q->size, (ull)q->added, (ull)q->reaped, (ull)q->kicks,
                 (ull)q->kicks_suppressed, (ull)q->interrupts, (ull)q->violations);
        comma = ",";
    }
    text_add(json, "]");
}

static void
add_devices(struct text *json)
{
    struct virtio_device *v = NULL;
    const char *comma = "";

    text_add(json, "\"devices\":[");
    while ((v = virtio_device_next(v))) {
        text_add(json, "%s\n  {", comma);
        add_string(json, "where", v->where);
        text_add(json, ",");
        add_string(json, "transport", v->transport->name);
        text_add(json, ",");
        add_string(json, "type", virtio_type_name(v->type));
        text_add(json, ",\"running\":%s,\"interrupts\":%llu", v->running ? "true" : "false",
                 (ull)v->interrupts);
        add_features(json, v);
        add_queues(json, v);
        text_add(json, "}");
        comma = ",";
    }
    text_add(json, "]");
}

/* ---- all of it ---- */

void
status_json(struct text *json)
{
    uint64_t now = clock_now();

    text_add(json, "{");
    add_string(json, "system", "Ringlet");
    text_add(json, ",");
    add_string(json, "platform", platform->name);
    text_add(json, ",");
    add_string(json, "door", boot_info.door);
    text_add(json, ",\n\"uptime\":%llu.%03u,\"time\":%lld,\n", (ull)(now / NSEC_PER_SEC),
             (unsigned)(now / NSEC_PER_MSEC % 1000), (long long)time(NULL));
    add_memory(json);
    text_add(json, ",\n");
    add_server(json);
    text_add(json, ",\n");
    add_interfaces(json);
    text_add(json, ",\n");
    add_disks(json);
    text_add(json, ",\n");
    add_devices(json);
    text_add(json, "}\n");
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
