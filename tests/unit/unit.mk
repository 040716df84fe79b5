# The unit-test programs: one line each, `UNIT_<name> := sources`. build/unit/<name> is built for
# the host from tests/unit/test_<name>.c and these sources, with tests/unit/shim before the source
# tree on the include path. `UNIT_FLAGS_<name>` are more compiler flags for one of them.

# The kernel as the code under test sees it, over host memory (tests/unit/shim/shim.h).
SHIM_MACHINE := $(addprefix tests/unit/shim/,memory.c log.c machine.c) \
    $(addprefix kernel/,print.c deferred.c irq.c timer.c)
SHIM  := $(SHIM_MACHINE) tests/unit/shim/wait.c
RING  := $(addprefix drivers/virtio/ring/,split.c packed.c chain.c queue.c)

UNIT_ring     := $(SHIM) $(RING)
UNIT_packed   := $(SHIM) $(RING)
# The same with everything inlined into everything, where a word of the ring that is not read
# again each time would show.
UNIT_ring_lto   := $(SHIM) $(RING)
UNIT_packed_lto := $(SHIM) $(RING)
UNIT_FLAGS_ring_lto   := -O2 -flto
UNIT_FLAGS_packed_lto := -O2 -flto

UNIT_cmdline := kernel/cmdline.c
UNIT_print   := kernel/print.c
UNIT_symbols := kernel/symbols.c
UNIT_memory  := kernel/pages.c kernel/heap.c kernel/modules.c
UNIT_FLAGS_memory := -no-pie -fno-pie

TAR := lib/fs/tar_scan.c lib/fs/tar_pax.c lib/fs/tar_name.c lib/fs/tar_index.c
FS := lib/fs/fs.c lib/fs/path.c lib/fs/place.c tests/unit/shim/file.c $(SHIM)
UNIT_tar  := $(TAR) lib/fs/tarfs.c lib/fs/reader_memory.c $(FS)
UNIT_tar_bad := $(UNIT_tar)
TMPFS := $(addprefix lib/fs/,tmpfs.c tmp_data.c tmp_map.c tmp_tree.c tmp_change.c \
    tmp_directory.c tmp_seal.c overlay.c)
UNIT_tmpfs := $(TMPFS) $(TAR) $(FS)
UNIT_overlay := $(UNIT_tmpfs)
UNIT_partition := lib/fs/partition.c $(SHIM)
UNIT_partition_units := $(UNIT_partition)
UNIT_path := lib/fs/dev.c lib/fs/dev_fd.c lib/fs/disk_bytes.c lib/fs/reader_disk.c kernel/device_disk.c $(FS)

# The core with a bus, and the model of devices behind it (tests/unit/model/model.h).
VIRTIO := $(RING) $(addprefix drivers/virtio/,core.c type_names.c) $(addprefix drivers/virtio/transport/,\
    pci.c pci_legacy.c pci_modern.c pci_irq.c lguest.c mmio.c mmio_find.c)
MODEL := $(SHIM) $(VIRTIO) $(wildcard tests/unit/model/*.c) \
    $(addprefix arch/x86/,firmware/aml_device.c pci/pci.c pci/piix.c pci/place.c pci/msix.c \
        lguest/lguest.c lguest/irq.c lguest/time.c time/scale.c)

# Devices on the model, and the classes above them.
UNIT_console := $(MODEL) drivers/virtio/device/console.c kernel/device_console.c
UNIT_console_lguest := $(UNIT_console)
UNIT_block   := $(MODEL) $(addprefix drivers/virtio/device/,block.c block_request.c) \
    kernel/device_disk.c
UNIT_net     := $(MODEL) $(addprefix drivers/virtio/device/,net.c net_frames.c) kernel/device_net.c
UNIT_net_life := $(UNIT_net)
UNIT_net_lguest := $(UNIT_net)
UNIT_block_life := $(UNIT_block)
UNIT_block_size := $(UNIT_block)
UNIT_entropy := $(MODEL) drivers/virtio/device/entropy.c kernel/device_entropy.c
# The same drivers on packed rings, wherever the model's device is a modern one.
PACKED := console block block_life net net_life entropy core
$(foreach p,$(PACKED),$(eval UNIT_$(p)_packed = $$(UNIT_$(p)) tests/unit/offer_packed.c))
UNIT_http := apps/httpd/request.c
UNIT_cache := apps/httpd/cache.c
UNIT_FLAGS_cache := -D_GNU_SOURCE -Dsysconf=machine_has
UNIT_shell := apps/shell/words.c apps/shell/sha256.c
UNIT_features := drivers/virtio/core.c lib/virtio/feature_names.c drivers/virtio/type_names.c \
                 $(RING) $(SHIM)
UNIT_core     := $(MODEL)
UNIT_virtio_pci := $(MODEL)
UNIT_msix       := $(MODEL)
UNIT_mmio       := $(MODEL)
UNIT_aml        := arch/x86/firmware/aml_device.c
UNIT_lguest      := $(MODEL)
UNIT_lguest_host := $(MODEL)
UNIT_lguest_paging := arch/x86/lguest/paging.c
UNIT_FLAGS_lguest_paging := -no-pie -fno-pie

UNIT_elf := lib/linux/elf.c kernel/print.c
UNIT_FLAGS_elf := -no-pie -fno-pie -D_GNU_SOURCE
UNIT_descriptor := lib/libc/descriptor.c $(SHIM)
UNIT_interval := $(addprefix lib/libc/,interval.c deadline.c signal_queue.c) $(SHIM)
UNIT_memory_shared := lib/libc/memory_shared.c tests/unit/shim/file.c $(SHIM)
UNIT_locks := lib/libc/locks.c tests/unit/shim/file.c $(SHIM)
UNIT_raw := lib/libc/tty_raw.c $(SHIM)
UNIT_tty := lib/libc/tty_line.c
UNIT_timer := $(SHIM)
# Instead of one thread that waits, the kernel's own.
UNIT_thread := $(SHIM_MACHINE) tests/unit/shim/switch.c kernel/thread.c
UNIT_wait   := $(UNIT_thread)
UNIT_disk_bytes := $(UNIT_thread) lib/fs/disk_bytes.c kernel/device_disk.c

# The PC: what only computes, its clock over a model of the 8254, PCI and the 8259s over theirs.
PORTS := tests/unit/shim/no_memory_io.c
UNIT_x86   := $(PORTS) arch/x86/time/rtc.c arch/x86/firmware/aml.c arch/x86/time/scale.c
UNIT_trap  := arch/x86/cpu/trap.c
UNIT_clock := $(PORTS) $(addprefix arch/x86/time/,timer.c pit.c apic_timer.c pm_timer.c pvclock.c \
    scale.c) $(SHIM)
UNIT_pci   := $(PORTS) $(addprefix arch/x86/,pci/pci.c irq/pic.c pci/piix.c pci/place.c) $(SHIM)
# Firmware's tables, and the interrupt controllers that they name.
UNIT_acpi  := $(addprefix arch/x86/firmware/,acpi.c bios.c power.c aml.c aml_device.c) $(SHIM)
UNIT_apic  := $(addprefix arch/x86/,irq/apic.c irq/ioapic.c irq/lines.c firmware/madt.c) $(SHIM)
UNIT_serial := arch/x86/pc/serial.c $(SHIM)
UNIT_mptable := $(addprefix arch/x86/firmware/,mptable.c madt.c bios.c)

# lib/net: what reads strangers' bytes, and a card that the test plays under lwIP itself.
LWIP_UNIT := $(addprefix $(LWIP)/,$(filter core/%.c netif/%.c,$(LWIP_SRC)))
UNIT_netcfg := lib/net/words.c lib/net/lease.c lib/net/checksum.c lib/net/address.c $(SHIM) \
    $(LWIP)/core/ipv4/ip4_addr.c $(LWIP)/core/ipv6/ip6_addr.c $(LWIP)/core/def.c
UNIT_netif  := $(addprefix lib/net/,core.c memory.c random.c checksum.c netif.c rx.c route.c dhcp.c \
    lease.c syn.c) $(SHIM) \
    $(LWIP_UNIT)
# lwIP's own warnings, its reading of addresses that lie at any place in a frame, and its types
# beside this machine's.
UNIT_FLAGS_netcfg := -I$(LWIP)/include -Ilib/net
UNIT_FLAGS_netif  := -I$(LWIP)/include -Ilib/net -DNET_LWIP_INIT -DLWIP_TESTMODE=1 -w -fno-sanitize=alignment \
    -DSSIZE_MAX=0x7fffffff -D_SYS_SELECT_H -include sys/types.h
# The launcher's.
LAUNCHER_SHIM := tests/unit/shim/launcher.c
UNIT_view := $(addprefix launcher/vcpu/,view.c memory.c segments.c paging.c) $(LAUNCHER_SHIM)
UNIT_FLAGS_view := -D_GNU_SOURCE
UNIT_gate := launcher/vcpu/gate.c $(LAUNCHER_SHIM)
UNIT_FLAGS_gate := -D_GNU_SOURCE
UNIT_launcher_paging := $(addprefix launcher/vcpu/,memory.c paging.c) $(LAUNCHER_SHIM)
UNIT_FLAGS_launcher_paging := -D_GNU_SOURCE
