/*
 * The guest's page tables (docs/lguest.md, page tables): two levels, pages of 4 KiB. Guest memory
 * lies where it lies, so of the tables only this is taken: may the guest touch a page, and may it
 * write there. That becomes mprotect of the views of its memory and nothing else; tables that map
 * an address to anything but itself end the guest. The far view, where few guests are ever again
 * once they have tables, is left alone until one goes there: it would cost a start 20 us.
 *
 * As on the original, tables in use are looked at when the guest says that it changed them, and at
 * a touch that was not allowed when they were looked at last. One directory is remembered, where the
 * original has four: coming back to another means to read it again. Accessed and dirty bits are not
 * written, and the device pages, which are the host's, stay open.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "launcher/guest.h"
#include "launcher/launcher.h"

/* An entry (Intel SDM vol. 3, 4.3). */
#define PRESENT         0x001u
#define WRITABLE        0x002u
#define USED            0x060u /* accessed or dirty */
#define LARGE           0x080u /* in a table, something else that the original refuses as well */
#define FLAGS           0xfffu
#define DIRECTORY_FLAGS 0x067u /* those that the original lets a directory entry have */
#define ENTRIES         1024u

/* What a page is; all are open without tables. MIXED: see the page itself. */
enum { OPEN, READ_ONLY, ABSENT, MIXED };

static uint8_t tables[ENTRIES]; /* what all pages under an entry of the directory are */
static uint8_t pages[ENTRIES * ENTRIES];
static uint32_t directory;
static bool in_use;
static bool far;      /* the far view is protected too */
static bool given_up; /* the host cannot protect so many pieces; until a restart */

/* Pages that become the same, one behind the other. */
struct run {
    uint32_t first, end;
    uint8_t state;
};

static bool
protect(uint32_t from, uint32_t to, int protection)
{
    return memory_protect_near(from, to, protection) &&
           (!far || memory_protect_far(from, to, protection));
}

static void
give_up(void)
{
    warn("pages of the guest are not protected from here on: %s; vm.max_map_count limits in how "
         "many pieces memory can be",
         strerror(errno));
    paging_reset();
    given_up = true;
}

static void
run_end(const struct run *run)
{
    static const int protections[] = {[OPEN] = PROT_READ | PROT_WRITE | PROT_EXEC,
                                      [READ_ONLY] = PROT_READ | PROT_EXEC,
                                      [ABSENT] = PROT_NONE};
    if (run->end > run->first && in_use &&
        !protect(run->first * PAGE, run->end * PAGE, protections[run->state]))
        give_up();
}

static void
run_add(struct run *run, uint32_t page, uint32_t count, uint8_t state)
{
    if (run->end != page || run->state != state) {
        run_end(run);
        *run = (struct run){page, page, state};
    }
    run->end = page + count;
}

static uint8_t
page_state(uint32_t page)
{
    uint8_t all = tables[page / ENTRIES];
    return all == MIXED ? pages[page] : all;
}

static void
page_becomes(struct run *run, uint32_t page, uint8_t state)
{
    uint8_t *all = &tables[page / ENTRIES];
    if (page >= memory.ram / PAGE || page_state(page) == state)
        return;
    run_add(run, page, 1, state);
    if (!in_use) /* given up */
        return;
    if (*all != MIXED)
        memset(&pages[page / ENTRIES * ENTRIES], *all, ENTRIES);
    *all = MIXED;
    pages[page] = state;
}

/* Entry i of the directory says nothing of its pages. */
static void
table_becomes_absent(struct run *run, uint32_t i)
{
    uint32_t page = i * ENTRIES, all = memory.ram / PAGE;
    if (page >= all || tables[i] == ABSENT)
        return;
    run_add(run, page, all - page < ENTRIES ? all - page : ENTRIES, ABSENT);
    if (in_use)
        tables[i] = ABSENT;
}

static uint32_t
directory_entry(uint32_t i)
{
    uint32_t entry = *(volatile uint32_t *)memory_read(directory + i * sizeof(entry), sizeof(entry));
    if (entry & PRESENT &&
        (entry & FLAGS & ~DIRECTORY_FLAGS || !memory_at(entry & ~FLAGS, PAGE)))
        die("bad page directory entry %#x for %#x", entry, i * ENTRIES * PAGE);
    return entry;
}

/* What a page is by its entry, and by that of the directory. */
static uint8_t
state_of(uint32_t page, uint32_t entry, uint32_t above)
{
    if (!(above & PRESENT) || !(entry & PRESENT))
        return ABSENT;
    uint32_t frame = entry & ~FLAGS;
    bool identity = frame == page * PAGE;
    if (entry & LARGE || (!identity && !memory_at(frame, PAGE)))
        die("bad page table entry %#x for %#x", entry, page * PAGE);
    if (!identity)
        die("the guest's page tables map %#x to %#x: this launcher takes them only for what they "
            "protect, where each address is mapped to itself",
            page * PAGE, frame);
    return entry & above & WRITABLE ? OPEN : READ_ONLY;
}

/* All pages of the directory's entries [from, to). */
static void
read_tables(uint32_t from, uint32_t to)
{
    struct run run = {0, 0, OPEN};
    for (uint32_t i = from; i < to && in_use; i++) {
        uint32_t above = directory_entry(i);
        const volatile uint32_t *table = above & PRESENT ? memory_at(above & ~FLAGS, PAGE) : NULL;
        if (!table)
            table_becomes_absent(&run, i);
        for (uint32_t k = 0; table && k < ENTRIES; k++)
            page_becomes(&run, i * ENTRIES + k, state_of(i * ENTRIES + k, table[k], above));
    }
    run_end(&run);
}

static void
set_page(uint32_t page, uint32_t entry, uint32_t above)
{
    struct run run = {0, 0, OPEN};
    page_becomes(&run, page, state_of(page, entry, above));
    run_end(&run);
}

static void
read_page(uint32_t page)
{
    uint32_t above = directory_entry(page / ENTRIES), entry = 0;
    if (above & PRESENT)
        entry = ((volatile uint32_t *)memory_at(above & ~FLAGS, PAGE))[page % ENTRIES];
    set_page(page, entry, above);
}

void
paging_use(uint32_t at)
{
    if (at % PAGE || !memory_at(at, PAGE))
        die("bad page directory %#x", at);
    if (given_up)
        return;
    if (!memory.own) {
        verbose("the guest's pages are not protected: its memory could not be mapped often enough");
        given_up = true;
        return;
    }
    directory = at;
    in_use = true;
    if (memory.near_end < memory.limit)
        paging_far();
    read_tables(0, ENTRIES);
}

void
paging_flush(uint32_t end)
{
    if (in_use)
        read_tables(0, end == 0 ? ENTRIES : end / (ENTRIES * PAGE));
}

void
paging_set_entry(uint32_t of, bool all, uint32_t address, uint32_t entry)
{
    if (!in_use || (!all && of != directory))
        return;
    if (entry & USED)
        set_page(address / PAGE, entry, directory_entry(address / (ENTRIES * PAGE)));
    else
        read_page(address / PAGE);
}

void
paging_set_table(uint32_t of, uint32_t i)
{
    if (in_use && of == directory && i < ENTRIES)
        read_tables(i, i + 1);
}

void
paging_far(void)
{
    struct run run = {0, 0, OPEN};
    if (!in_use || far)
        return;
    far = true;
    for (uint32_t page = 0; page < memory.ram / PAGE && in_use; page++)
        if (page_state(page) != OPEN)
            run_add(&run, page, 1, page_state(page));
    run_end(&run);
}

bool
paging_allows(uint32_t address, bool write)
{
    uint8_t state = page_state(address / PAGE);
    return state == OPEN || (state == READ_ONLY && !write);
}

bool
paging_is_open(uint32_t address, uint32_t len)
{
    if (!in_use || len == 0)
        return true;
    for (uint32_t page = address / PAGE, last = (address + len - 1) / PAGE; page <= last; page++)
        if (page_state(page) != OPEN)
            return false;
    return true;
}

bool
paging_fault(uint32_t address, uint32_t error)
{
    if (!in_use || address >= memory.ram || paging_allows(address, error & PAGE_FAULT_WRITE))
        return false;
    read_page(address / PAGE);
    return paging_allows(address, error & PAGE_FAULT_WRITE);
}

uint32_t
paging_error(uint32_t address, uint32_t error)
{
    if (paging_allows(address, error & PAGE_FAULT_WRITE))
        return error; /* of something else */
    return (error & PAGE_FAULT_WRITE) | (page_state(address / PAGE) == READ_ONLY ? PAGE_FAULT_PRESENT : 0);
}

void
paging_reset(void)
{
    if (in_use && !protect(0, memory.ram, PROT_READ | PROT_WRITE | PROT_EXEC))
        die("cannot make guest memory accessible again: %s", strerror(errno));
    memset(tables, OPEN, sizeof(tables));
    in_use = far = given_up = false;
}
