# row: tmpfs

# name: overlay-copied-twice
# file: lib/fs/overlay.c
# test: overlay over_an_archive
# The later of two copies hides what was written to the first.
s/^    if (error || !node->lower) {/    if (error) {/

# name: overlay-error-forgotten
# file: lib/fs/overlay.c
# test: overlay over_an_archive
# A disk that fails leaves a file of zeroes.
s/^        long n = error ? error : tmp_data_write/        long n = tmp_data_write/

# name: tmpfs-cut-tail-stays
# file: lib/fs/tmp_data.c
# test: tmpfs mappings
# What was cut off inside a page is still seen through a mapping.
s/^        clear(d, size, PAGE_SIZE);/        ;/

# name: tmpfs-failed-map-leaves-chunks
# file: lib/fs/tmp_map.c
# test: tmpfs no_memory_for_data
# A mapping that failed leaves chunks without a page.
s/^        tmp_data_tidy(d, first, first);/        ;/

# name: tmpfs-freed-while-open
# file: lib/fs/tmp_tree.c
# test: tmpfs open_without_a_name
# A file goes with its last name although it is open.
s/^    if (node->links || node->refs)/    if (node->links)/

# name: tmpfs-into-itself
# file: lib/fs/tmp_change.c
# test: tmpfs names_move
# A directory is moved below itself, and is found no more.
s/^        return -EINVAL;/        return 0;/

# name: tmpfs-mapped-page-freed
# file: lib/fs/tmp_data.c
# test: tmpfs mappings
# A page that a program has mapped is given away when the file is cut.
s/^    if (tmp_pins(slot)) {/    if (0) {/

# name: tmpfs-mapped-page-moved
# file: lib/fs/tmp_map.c
# test: tmpfs mappings
# A second mapping moves pages away from under the first one.
s/^        if (tmp_pins(slot))$/        if (0)/

# name: tmpfs-pool-not-counted
# file: lib/fs/tmp_map.c
# test: tmpfs a_full_pool
# Pages of a mapping are taken beyond the limit.
s/ || count - present > tmp_pool.limit - tmp_pool.used//

# name: tmpfs-replaced-file-stays
# file: lib/fs/tmp_change.c
# test: tmpfs open_without_a_name
# What a rename replaced keeps its memory.
s/^        tmp_remove_name(new);/        ;/

# name: tmpfs-written-behind-end
# file: lib/fs/tmp_data.c
# test: tmpfs mappings
# What a mapping wrote behind the end counts when the file grows.
s/^        clear(d, d->size, \(size\|at\) - d->size);/        ;/
