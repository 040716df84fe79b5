# file: launcher/vcpu/paging.c
# row: launcher
# test: launcher_paging what_the_tables_say
# A page's entry has the only say.
s/return entry \& above \& WRITABLE/return entry \& WRITABLE/
