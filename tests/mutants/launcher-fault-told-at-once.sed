# file: launcher/vcpu/paging.c
# row: launcher
# test: launcher_paging faults_look_again
# A page that became present has to be announced.
s/^    read_page(address \/ PAGE);/    (void)read_page;/
