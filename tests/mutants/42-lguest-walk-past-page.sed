# file: drivers/virtio/transport/lguest.c
# row: 42
# test: lguest test_leaves_the_page
# A descriptor may reach over the end of the page.
s/return size <= left ? size : 0;/return size;/
