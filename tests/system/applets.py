"""What busybox's applets are tried with: those that need no second process and no input, one command each.

Left out: what would fork (timeout, time, setsid, start-stop-daemon, zcat, watch, crond, inetd's servers, sh with a pipe),
what manages a machine (mount, insmod, init, ifconfig, swapon, fdisk, ... ), what waits for keys or for input from a pipe
(vi, less, more, tr, tee, xargs), and what tells of /proc (ps, top, free, df, lsmod).
"""

import bz2
import gzip
import hashlib
import lzma

LINES = "one\ntwo\nthree\nthree\n"
NUMBERS = "".join(f"{i}\n" for i in range(1, 201))
FILES = {
    "data": None,
    "data/sub": None,
    "data/lines": LINES,
    "data/lines2": LINES.replace("two", "TWO"),
    "data/table": "b 2\na 10\nc 1\n",
    "data/numbers": NUMBERS,
    "data/dos": "tab\there\r\n",
    "data/n.gz": gzip.compress(NUMBERS.encode(), mtime=0),
    "data/n.bz2": bz2.compress(NUMBERS.encode()),
    "data/n.xz": lzma.compress(NUMBERS.encode()),
    "data/sums": hashlib.md5(LINES.encode()).hexdigest() + "  /data/lines\n",
    "etc/passwd": "root:x:0:0:root:/:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "proc": None,
    "tmp": None,
    "dev": None,
}

COMMANDS = r"""
[ 1 = 1 ]
[[ 1 = 1 ]]
ar t /data/none
ascii
ash -c "echo $((1+2))"
awk "{ s += $1; print NR, s / 3 } END { printf \"%5.2f\\n\", s }" /data/numbers
base64 /data/lines
basename /a/b/c.txt .txt
bunzip2 -c /data/n.bz2
bzcat /data/n.bz2
cal 9 2021
cat /data/lines /data/table
chgrp 0 /tmp
chmod 755 /tmp
chown 0:0 /tmp
cmp /data/lines /data/lines2
cp /data/lines /tmp/new
crc32 /data/lines
cut -d " " -f 2 /data/table
date -u -d @1600000000
dc -e "2 3 + p"
diff /data/lines /data/lines2
dirname /a/b/c
dos2unix /tmp/none
echo a b
egrep "t.o|ee" /data/lines
env
expr 6 "*" 7
factor 1001 97
fallocate -l 100 /tmp/f
false
fgrep wo /data/lines
find /data -name "l*"
fold -w 2 /data/lines
getopt ab: -a -b x y
grep -n e /data/lines
groups
gunzip -c /data/n.gz
head -n 2 /data/lines
hexdump -C /data/dos
hostid
id
ipcalc -n 10.1.2.3/8
kill -l
last
ln -s /data/lines /tmp/s
lzcat /data/none
md5sum -c /data/sums
mkdir -p /tmp/a/b/c
mkpasswd -m md5 -S abcdefgh secret
mv /tmp/none /tmp/there
nice
nl /data/lines
nuke /tmp/none
od -c /data/dos
paste /data/lines /data/table
printf "%05d|%s\n" 42 x
pwd
realpath /data/sub/../lines
renice 1 1
resume /dev/null
rev /data/lines
rm -f /tmp/none
rmdir /tmp/none
run-parts /data/sub
sed -e "s/t/T/g;2d" /data/lines
seq 3 2 11
sh -c "read a b < /data/table; echo $b$a"
sha1sum /data/lines
sha256sum /data/lines
sha3sum /data/lines
sha512sum /data/lines
sleep 0.01
sort -k2n /data/table
stat -c "%n %s %f %Y" /data/lines
strings /data/numbers
sync
tac /data/lines
tail -n 2 /data/lines
taskset 1 /bin/busybox echo y
test -f /data/lines
touch /tmp/touched
true
truncate -s 10 /tmp/tr
uname -s
unexpand /data/dos
uniq -c /data/lines
unix2dos /tmp/none
unlink /tmp/none
unxz -c /data/n.xz
usleep 10
w
wc /data/numbers
which busybox
who
whoami
xxd /data/dos
xz -dc /data/n.xz
xzcat /data/n.xz
""".strip().splitlines()
