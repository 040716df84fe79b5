/*
 * Devices in AML code whose resources are written down as constants (ACPI 6.4, 6.4.3, 20.2.5),
 * found as bytes: what firmware for virtual machines generates is that plain, and without an
 * interpreter nothing else could be understood.
 *
 * The bytes are the firmware's: every length is checked against the part that it is in. What
 * cannot be read is no device.
 */
#include "arch/x86/firmware/aml.h"
#include "kernel/kernel.h"
#include "kernel/string.h"

#define AML_NAME     0x08
#define AML_STRING   0x0d
#define AML_BUFFER   0x11
#define AML_EXTENDED 0x5b
#define AML_DEVICE   0x82 /* behind AML_EXTENDED, as is the next */
#define AML_REGION   0x80
#define AML_BYTE     0x0a
#define AML_DWORD    0x0c
#define NAME_LEN     4

#define REGION_MEMORY 0x00

/* Resource descriptors (6.4.2, 6.4.3): bit 7 set, a type and two bytes of length; else type and
 * length in one byte. */
#define RESOURCE_LARGE     0x80
#define RESOURCE_END       0x0f
#define RESOURCE_MEMORY32  0x86
#define RESOURCE_INTERRUPT 0x89
#define INTERRUPT_EDGE     0x02

/* Some of the bytes. */
struct part {
    const uint8_t *aml;
    size_t at, end;
};

static uint32_t
little_endian(const uint8_t *bytes, unsigned n)
{
    uint32_t value = 0;

    while (n--)
        value = value << 8 | bytes[n];
    return value;
}

/* A package length (20.2.4) at p->at, which counts itself: *out is what lies inside of it. */
static bool
package(const struct part *p, struct part *out)
{
    if (p->at >= p->end)
        return false;
    unsigned more = p->aml[p->at] >> 6;
    if (p->end - p->at <= more)
        return false;
    size_t length = p->aml[p->at] & (more ? 0x0f : 0x3f);
    length |= little_endian(p->aml + p->at + 1, more) << 4;
    if (length <= more || length > p->end - p->at)
        return false;
    *out = (struct part){p->aml, p->at + 1 + more, p->at + length};
    return true;
}

/* The first device whose definition begins in a part; *body is what follows its name. */
static bool
find_device(struct part p, struct part *body)
{
    for (; p.end - p.at >= 2; p.at++) {
        if (p.aml[p.at] != AML_EXTENDED || p.aml[p.at + 1] != AML_DEVICE)
            continue;
        struct part behind = {p.aml, p.at + 2, p.end};
        if (!package(&behind, body) || body->end - body->at < NAME_LEN)
            continue;
        body->at += NAME_LEN;
        return true;
    }
    return false;
}

/* What stands behind Name(`name`, ...) in a part. */
static bool
find_name(struct part p, const char *name, struct part *value)
{
    for (; p.end - p.at > NAME_LEN; p.at++) {
        if (p.aml[p.at] != AML_NAME || memcmp(p.aml + p.at + 1, name, NAME_LEN) != 0)
            continue;
        *value = (struct part){p.aml, p.at + 1 + NAME_LEN, p.end};
        return true;
    }
    return false;
}

static bool
has_hid(const struct part *device, const char *hid)
{
    size_t size = strlen(hid) + 1;
    struct part value;

    return find_name(*device, "_HID", &value) && value.end - value.at > size &&
           value.aml[value.at] == AML_STRING &&
           memcmp(value.aml + value.at + 1, hid, size) == 0;
}

/* The first operation region in memory whose address and size are constants (20.2.5.2):
 * OperationRegion(name, SystemMemory, address, size below 256). */
static bool
find_region(struct part p, struct aml_device *out)
{
    const size_t to_address = 2 + NAME_LEN + 2, size = to_address + 4 + 2;

    for (; p.end - p.at >= size; p.at++) {
        const uint8_t *r = p.aml + p.at;
        if (r[0] != AML_EXTENDED || r[1] != AML_REGION || r[to_address - 2] != REGION_MEMORY ||
            r[to_address - 1] != AML_DWORD || r[size - 2] != AML_BYTE)
            continue;
        out->base = little_endian(r + to_address, 4);
        out->size = r[size - 1];
        return true;
    }
    return false;
}

/* One resource of `size` bytes with its header. */
static void
resource_read(const uint8_t *r, size_t size, struct aml_device *out, bool *window,
              bool *interrupt)
{
    if (r[0] == RESOURCE_MEMORY32 && size >= 12 && !*window) {
        out->base = little_endian(r + 4, 4);
        out->size = little_endian(r + 8, 4);
        *window = true;
    } else if (r[0] == RESOURCE_INTERRUPT && size >= 9 && r[4] >= 1 && !*interrupt) {
        out->level = !(r[3] & INTERRUPT_EDGE);
        out->gsi = little_endian(r + 5, 4);
        *interrupt = true;
    }
}

/* The resources in a buffer: BufferOp, length, size of the buffer (a constant that the
 * descriptors' own lengths make superfluous), descriptors up to the one that ends them. */
static bool
read_resources(struct part p, struct aml_device *out, bool *window)
{
    static const uint8_t constant_size[] = {[0x0a] = 2, [0x0b] = 3, [0x0c] = 5};
    bool interrupt = false;
    struct part r;

    if (p.at == p.end || p.aml[p.at++] != AML_BUFFER || !package(&p, &r) || r.at == r.end)
        return false;
    uint8_t prefix = r.aml[r.at];
    if (prefix >= sizeof(constant_size) || constant_size[prefix] == 0 ||
        constant_size[prefix] > r.end - r.at)
        return false;
    r.at += constant_size[prefix];
    while (r.at < r.end) {
        const uint8_t *d = r.aml + r.at;
        bool large = d[0] & RESOURCE_LARGE;
        if (large && r.end - r.at < 3)
            return false;
        size_t size = large ? 3 + little_endian(d + 1, 2) : 1u + (d[0] & 7);
        if (size > r.end - r.at)
            return false;
        if (!large && d[0] >> 3 == RESOURCE_END)
            break;
        resource_read(d, size, out, window, &interrupt);
        r.at += size;
    }
    return interrupt;
}

int
aml_next_device(const uint8_t *aml, size_t len, const char *hid, size_t *at,
                struct aml_device *out)
{
    struct part body, inner, crs;

    while (*at < len && find_device((struct part){aml, *at, len}, &body)) {
        /* Devices inside of this one have names of their own, and their turn later. */
        if (find_device(body, &inner))
            body.end = inner.at - NAME_LEN;
        *at = body.at;
        struct aml_device found;
        bool window = false;
        if (!has_hid(&body, hid) || !find_name(body, "_CRS", &crs) ||
            !read_resources(crs, &found, &window))
            continue;
        if (!window && !find_region(body, &found))
            continue;
        *out = found;
        return 0;
    }
    *at = len;
    return -ENOENT;
}
