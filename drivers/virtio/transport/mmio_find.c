/*
 * Where virtio-mmio devices are. Nothing about the transport can be searched for, so somebody
 * has to say: the command line, by words that monitors append (virtio 1.2, 4.2.1 leaves that
 * open; the form is Linux's, SIZE@ADDRESS:IRQ[:ID]), or else ACPI, by devices with the hardware
 * id LNRO0005 in its AML code. The log names who did.
 *
 * Either is checked before anything is touched: a window has to be outside of RAM and long
 * enough, and no device is taken twice.
 */
#include "arch/x86/firmware/acpi.h"
#include "arch/x86/firmware/aml.h"
#include "arch/x86/pc/pc.h"
#include "drivers/virtio/transport/mmio.h"
#include "kernel/cmdline.h"
#include "kernel/kernel.h"
#include "kernel/memory.h"
#include "kernel/string.h"

#define WORD     "virtio_mmio.device"
#define ACPI_HID "LNRO0005"

/* More than any machine has; a table or line beyond it is not sane. */
#define DEVICES_MAX 64
#define GSI_MAX     1023

/* A device as somebody described it. */
struct place {
    uint64_t base, size;
    unsigned gsi;
    bool level;
};

static unsigned nr_found; /* by this scan */

/* ---- one place ---- */

static bool
known(const char *where)
{
    for (struct virtio_device *v = virtio_device_next(NULL); v; v = virtio_device_next(v))
        if (strcmp(v->where, where) == 0)
            return true;
    return false;
}

/* NULL: the core has it, or there is no device (m->v.type is 0). */
static const char *
device_open(struct virtio_mmio *m, const struct place *p)
{
    if (p->size <= VIRTIO_MMIO_CONFIG || p->base % sizeof(uint32_t) || p->size > UINT32_MAX)
        return "its window is too small or not aligned";
    m->len = p->size;
    m->regs = platform->map_device(p->base, p->size);
    if (!m->regs)
        return "its window lies in RAM or out of reach";
    return virtio_mmio_open(m);
}

static void
offer(const struct place *p, const char *by)
{
    char where[sizeof((struct virtio_device *)0)->where];

    ksnprintf(where, sizeof(where), "mmio %llx", (unsigned long long)p->base);
    if (known(where)) {
        log_warn("%s: named twice by %s; the second time is ignored", where, by);
        return;
    }
    struct virtio_mmio *m = kmalloc(sizeof(*m));
    if (!m) {
        log_error("%s: no memory for this device", where);
        return;
    }
    memcpy(m->v.where, where, sizeof(where));
    const char *why = device_open(m, p);
    if (why)
        log_error("%s: the virtio device named by %s cannot be used: %s", where, by, why);
    if (why || m->v.type == 0) {
        kfree(m);
        return;
    }
    m->irq = pc_gsi_line(p->gsi, p->level);
    nr_found++;
    virtio_device_found(&m->v);
}

/* ---- the command line ---- */

/* The part of *text up to one of `ends` or the end, as a number; *text moves behind it. */
static int
take_number(const char **text, const char *ends, uint64_t max, uint64_t *out)
{
    char part[24];
    size_t n = 0;

    while ((*text)[n] && !strchr(ends, (*text)[n]))
        n++;
    if (n >= sizeof(part))
        return -EINVAL;
    memcpy(part, *text, n);
    part[n] = '\0';
    *text += n;
    return parse_number(part, max, out);
}

/* "K", "M" and "G" behind a size, as Linux has it. */
static unsigned
take_unit(const char **text)
{
    static const char units[] = "KMG";
    const char *unit = **text ? strchr(units, **text & ~0x20) : NULL;

    if (!unit)
        return 0;
    ++*text;
    return 10 * (unsigned)(unit - units + 1);
}

static bool
take_char(const char **text, char c)
{
    if (**text != c)
        return false;
    ++*text;
    return true;
}

/* SIZE@ADDRESS:IRQ[:ID]; the id is Linux's name for the device and of no use here. */
static int
place_parse(const char *text, struct place *out)
{
    uint64_t size, base, gsi, id;

    if (take_number(&text, "@KMGkmg", UINT32_MAX, &size))
        return -EINVAL;
    size <<= take_unit(&text);
    if (!take_char(&text, '@') || take_number(&text, ":", UINT64_MAX, &base))
        return -EINVAL;
    if (!take_char(&text, ':') || take_number(&text, ":", GSI_MAX, &gsi))
        return -EINVAL;
    if (take_char(&text, ':') && take_number(&text, "", UINT32_MAX, &id))
        return -EINVAL;
    /* An edge is what such a line has where nobody says otherwise, and what every machine that
     * uses these words can do; the handler is made for it. */
    *out = (struct place){.base = base, .size = size, .gsi = gsi, .level = false};
    return 0;
}

/* False if the command line has no such word. */
static bool
scan_words(void)
{
    const char *text;
    struct place p;

    for (int n = 0; (text = cmdline_nth(WORD, n)); n++) {
        if (place_parse(text, &p) == 0)
            offer(&p, "the command line");
        else
            log_warn("command line: %s=%s is not understood (SIZE@ADDRESS:IRQ); there is no "
                     "such device",
                     WORD, text);
    }
    return cmdline_nth(WORD, 0);
}

/* ---- ACPI ---- */

/* Offer the devices that one table describes, at most `most`; how many that were. */
static unsigned
scan_table(const uint8_t *aml, size_t len, unsigned most)
{
    struct aml_device d;
    size_t at = 0;
    unsigned n;

    for (n = 0; n < most && aml_next_device(aml, len, ACPI_HID, &at, &d) == 0; n++)
        offer(&(struct place){.base = d.base, .size = d.size, .gsi = d.gsi, .level = d.level},
              "ACPI");
    return n;
}

static void
scan_acpi(void)
{
    unsigned table = 0, n = 0;
    const uint8_t *aml;
    size_t len;

    while ((aml = acpi_aml(&table, &len)))
        n += scan_table(aml, len, DEVICES_MAX - n);
}

static void
scan(void)
{
    nr_found = 0;
    bool words = scan_words();
    if (!words)
        scan_acpi();
    if (nr_found)
        log_info("virtio-mmio: %u device%s, named by %s", nr_found, nr_found > 1 ? "s" : "",
                 words ? "the command line" : "ACPI");
}

static const struct bus virtio_mmio_bus = {"virtio-mmio", scan};
ENLIST(buses, virtio_mmio_bus);
