# file: launcher/vcpu/gate.c
# row: launcher
# test: gate nothing_else_lies_on_the_pages
# Behind the landing lie instructions that write.
/memset(place, INT3, PAGE);/d
