/*
 * The headers of a tar archive, one member at a time: ustar and v7 (POSIX.1-1988), pax
 * extended headers (POSIX.1-2001, "pax Interchange Format") as far as path, linkpath, size
 * and mtime go, and GNU's long names and base-256 numbers. Relies on a reader alone.
 *
 * Nothing is believed: a member whose size leaves the archive, or a header whose checksum is
 * wrong, ends the scan, since where the next header lies is then unknown.
 */
#include "kernel/kernel.h"
#include "kernel/string.h"
#include "lib/fs/tar.h"
#include "lib/fs/tar_scan.h"

/* POSIX.1-1988, 10.1.1. All fields are text. */
struct tar_header {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char chksum[8];
    char typeflag;
    char linkname[100];
    char magic[6]; /* "ustar" and NUL; GNU's own format has a blank instead */
    char version[2];
    char uname[32];
    char gname[32];
    char devmajor[8];
    char devminor[8];
    char prefix[155];
    char pad[12];
};

_Static_assert(sizeof(struct tar_header) == TAR_BLOCK, "a header is one block");

#define GNU_EXTENDED_HEADER 482 /* of a sparse member: is there a map block behind it? */
#define GNU_EXTENDED_MAP    504 /* and behind that one? */

int
tar_damaged(struct tar_scan *scan, const char *what)
{
    scan->damage = what;
    return -EPROTO;
}

/* GNU's base-256: the first bit is a mark, the rest a big-endian two's complement number. */
static int
parse_base256(const unsigned char *field, size_t len, int64_t *out)
{
    uint64_t fill = field[0] & 0x40 ? UINT64_MAX : 0;
    uint64_t value = fill;

    for (size_t i = 0; i < len; i++) {
        unsigned char byte = field[i];
        if (i == 0)
            byte = fill ? byte : byte & 0x7f;
        if (i + 8 < len && byte != (unsigned char)fill)
            return -EOVERFLOW;
        value = value << 8 | byte;
    }
    if ((int64_t)value < 0 ? fill == 0 : fill != 0)
        return -EOVERFLOW;
    *out = (int64_t)value;
    return 0;
}

/* A numeric field: octal digits, blanks in front, a blank or NUL or the field's end behind. */
static int
parse_field(const char *field, size_t len, int64_t *out)
{
    uint64_t value = 0; /* 12 octal digits are 36 bits */
    size_t i = 0;

    if (field[0] & 0x80)
        return parse_base256((const unsigned char *)field, len, out);
    while (i < len && field[i] == ' ')
        i++;
    for (; i < len && field[i] >= '0' && field[i] <= '7'; i++)
        value = value << 3 | (uint64_t)(field[i] - '0');
    if (i < len && field[i] != ' ' && field[i] != '\0')
        return -EINVAL;
    *out = (int64_t)value;
    return 0;
}

/* Fields that decide nothing: nonsense counts as 0. */
static uint32_t
parse_small(const char *field, size_t len)
{
    int64_t value;

    return parse_field(field, len, &value) == 0 ? (uint32_t)value : 0;
}

/* The sum of all bytes, the checksum's own taken as blanks. Old programs summed signed
 * characters; either is accepted, as everybody does. */
static bool
checksum_good(const struct tar_header *header)
{
    const unsigned char *bytes = (const unsigned char *)header;
    int64_t unsigned_sum = 0, signed_sum = 0, stored;

    if (parse_field(header->chksum, sizeof(header->chksum), &stored))
        return false;
    for (size_t i = 0; i < TAR_BLOCK; i++) {
        bool own = i >= offsetof(struct tar_header, chksum) &&
                   i < offsetof(struct tar_header, typeflag);
        unsigned_sum += own ? ' ' : bytes[i];
        signed_sum += own ? ' ' : (signed char)bytes[i];
    }
    return stored == unsigned_sum || stored == signed_sum;
}

static bool
all_zero(const struct tar_header *header)
{
    const char *bytes = (const char *)header;

    for (size_t i = 0; i < TAR_BLOCK; i++)
        if (bytes[i])
            return false;
    return true;
}

/* Move to the block behind `size` bytes of contents at `data`. */
static int
skip_contents(struct tar_scan *scan, uint64_t data, uint64_t size)
{
    uint64_t left = scan->reader->size - data;

    if (size > left)
        return tar_damaged(scan, "the contents run past the end of the archive");
    uint64_t padding = (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
    scan->at = data + size + MIN(padding, left - size);
    return 0;
}

int
tar_read_name(struct tar_scan *scan, uint64_t at, uint64_t len, char *to,
              enum tar_fitness *fitness)
{
    to[0] = '\0';
    if (len >= FS_PATH_MAX) {
        *fitness = TAR_BAD_NAME;
        return 0;
    }
    int error = scan->reader->read(scan->reader, at, to, (size_t)len);
    if (error)
        return error;
    to[len] = '\0';
    if (strlen(to) < len)
        *fitness = TAR_BAD_NAME;
    return 0;
}

/* A text field: ends with a NUL or with the field. */
static size_t
copy_field(char *to, const char *field, size_t len)
{
    len = strnlen(field, len);
    memcpy(to, field, len);
    to[len] = '\0';
    return len;
}

static void
fill_names(struct tar_member *member, const struct tar_header *header,
           const struct tar_overrides *over)
{
    size_t len = 0;

    if (!over->link)
        copy_field(member->link, header->linkname, sizeof(header->linkname));
    if (over->name)
        return;
    if (memcmp(header->magic, "ustar", 6) == 0 && header->prefix[0]) {
        len = copy_field(member->name, header->prefix, sizeof(header->prefix));
        member->name[len++] = '/';
    }
    copy_field(member->name + len, header->name, sizeof(header->name));
}

/* GNU's sparse members carry more of their map in blocks between header and contents. */
static int
skip_sparse_map(struct tar_scan *scan, const struct tar_header *header, uint64_t *data)
{
    char more = ((const char *)header)[GNU_EXTENDED_HEADER];

    while (more) {
        if (scan->reader->size - *data < TAR_BLOCK)
            return tar_damaged(scan, "the archive ends inside a sparse file's map");
        int error = scan->reader->read(scan->reader, *data + GNU_EXTENDED_MAP, &more, 1);
        if (error)
            return error;
        *data += TAR_BLOCK;
    }
    return 0;
}

static int
fill_member(struct tar_scan *scan, struct tar_member *member, const struct tar_header *header,
            const struct tar_overrides *over, uint64_t size)
{
    int64_t mtime;

    fill_names(member, header, over);
    member->fitness = over->fitness;
    member->type = header->typeflag;
    member->mode = parse_small(header->mode, sizeof(header->mode)) & 07777;
    member->uid = parse_small(header->uid, sizeof(header->uid));
    member->gid = parse_small(header->gid, sizeof(header->gid));
    if (parse_field(header->mtime, sizeof(header->mtime), &mtime))
        mtime = 0;
    member->mtime = over->mtime ? over->mtime_value : mtime;
    if (member->type == '\0' || member->type == '7') {
        size_t len = strlen(member->name);
        /* v7 had no type for directories. */
        member->type = len > 0 && member->name[len - 1] == '/' ? '5' : '0';
    }
    /* A hard link repeats its target's size and has no contents of its own. */
    member->size = member->type == '1' ? 0 : over->size ? over->size_value : size;
    member->data = scan->at + TAR_BLOCK;
    if (member->type == 'S') {
        int error = skip_sparse_map(scan, header, &member->data);
        if (error)
            return error;
    }
    return skip_contents(scan, member->data, member->size);
}

/* The header at scan->at: 1, 0 at the end of the archive, or negative errno. */
static int
read_header(struct tar_scan *scan, struct tar_header *header, uint64_t *size)
{
    int64_t value;
    uint64_t left = scan->reader->size - scan->at;

    if (left == 0)
        return 0;
    if (left < TAR_BLOCK)
        return tar_damaged(scan, "the archive ends inside a header");
    int error = scan->reader->read(scan->reader, scan->at, header, TAR_BLOCK);
    if (error)
        return error;
    if (all_zero(header))
        return 0;
    if (!checksum_good(header))
        return tar_damaged(scan, "the header's checksum is wrong");
    if (parse_field(header->size, sizeof(header->size), &value) || value < 0)
        return tar_damaged(scan, "the header's size is no number");
    *size = (uint64_t)value;
    return 1;
}

int
tar_next(struct tar_scan *scan, struct tar_member *member)
{
    struct tar_header header;
    struct tar_overrides over = {0};
    uint64_t size;

    for (;;) {
        int result = read_header(scan, &header, &size);
        if (result <= 0)
            return result;
        uint64_t data = scan->at + TAR_BLOCK;
        bool extra = header.typeflag != '\0' && strchr("LKxXg", header.typeflag);
        if (!extra) {
            result = fill_member(scan, member, &header, &over, size);
            return result ? result : 1;
        }
        if (size > scan->reader->size - data)
            return tar_damaged(scan, "the archive ends inside a long name or pax header");
        if (header.typeflag == 'L' && !over.name) {
            over.name = true;
            /* The NUL at the end is counted. */
            result =
                tar_read_name(scan, data, size ? size - 1 : 0, member->name, &over.fitness);
        } else if (header.typeflag == 'K' && !over.link) {
            over.link = true;
            result =
                tar_read_name(scan, data, size ? size - 1 : 0, member->link, &over.fitness);
        } else if (header.typeflag == 'x' || header.typeflag == 'X') {
            result = tar_read_pax(scan, data, size, member, &over);
        } else {
            result = 0; /* 'g' says nothing that is served here */
        }
        if (!result)
            result = skip_contents(scan, data, size);
        if (result)
            return result;
    }
}

int
tar_probe(struct fs_reader *reader)
{
    struct tar_scan scan = {.reader = reader};
    struct tar_header header;
    uint64_t size;

    int result = read_header(&scan, &header, &size);
    return result == -EPROTO ? 0 : result;
}
