# What ./run and the command ringlet share: starting a guest on one of the hosts, with its console at
# this terminal, and its exit code. Sourced by bash scripts, which set before they call guest_run:
#
#   host      launcher or qemu, or one of the script's own (HOST_command and HOST_code)
#   lguest    the launcher's path         image     the guest's ELF file
#   mem       MB                          disks     (FILE FILE,ro ...)
#   net       yes or no                   port      of this machine, or '' for the first free one
#   guest_port  where that leads, '' for nowhere      udp   yes if it does so for UDP, too
#   rng       yes: an entropy device      serial    yes: no virtio console (QEMU)
#   keys      yes if the guest has use for Ctrl-C itself
#   cmdline   of the guest, by guest_words
#
# and two functions: wrong TEXT, which says what is wrong with the command line and ends the script,
# and announce, which says where $port is. Messages begin with $me.

# shellcheck shell=bash disable=SC2154,SC2317,SC2054 # set elsewhere, called elsewhere, QEMU's commas

raw=no # standard input and output are not for a person: guest_run finds out

say() { printf '%s: %s\n' "$me" "$*" >&2; }

# disk_paths: files that the user named are meant from where the user stands.
disk_paths()
{
    local i file
    for i in "${!disks[@]}"; do
        file=${disks[i]%,ro}
        [ -r "$file" ] || wrong "cannot read the disk $file"
        [[ ${disks[i]} != *,ro ]] || file+=,ro
        [[ $file = /* ]] || disks[i]=$PWD/$file
    done
}

# guest_words WORD...: the guest's command line. It splits it at blanks, and double quotes group.
guest_words()
{
    local word
    cmdline=
    for word; do
        [[ $word != *\"* ]] || wrong "a word for the guest cannot contain a double quote"
        [[ -n $word && $word != *[[:space:]]* ]] || word="\"$word\""
        cmdline+=${cmdline:+ }$word
    done
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# choose_port: as late as possible, since another run may be choosing as well.
choose_port()
{
    if [ "$net" = no ] || [ -z "$guest_port" ]; then
        port=
    elif [ -z "$port" ]; then
        port=8080
        until port_is_free "$port"; do
            port=$((port + 1))
            [ $port -lt 8280 ] || { say "no free port from 8080 to 8279, choose one with --port"; exit 1; }
        done
    elif ! port_is_free "$port"; then
        say "port $port is in use on this machine, choose another with --port"
        exit 1
    fi
}

## Hosts: for each, HOST_command fills "command" with what starts the guest, and
## HOST_code STATUS puts the guest's exit code into "code".

# QEMU's own words for a device are split at commas; a comma in a name is doubled.
qemu_command()
{
    local disk id=0 options marked=
    [ "$raw" = no ] || marked='stdio=marked '

    # -cpu max: QEMU's default processor has no NX. romfile=: nothing boots from
    # the network, so its ROM would only cost time. isa-debug-exit: how the guest
    # hands over its exit code. -no-reboot: a triple fault ends the run.
    command=(qemu-system-i386 -nodefaults -no-user-config -display none -no-reboot
        -machine pc -cpu max -m "$mem" -device isa-debug-exit
        -kernel "$image" -append "$marked$cmdline")

    # Where the console is virtio's, what is said before it works goes to the serial port, which
    # has standard output opened anew. One character device for both (mux=on) would do, but
    # QEMU's loses keys of a paste: its buffer of 32 overflows while the guest hands it room.
    # Bytes leave QEMU into a file, which takes them all (guest_run).
    command+=(-chardev stdio,id=console,signal=on)
    if [ "$raw" = yes ]; then
        command+=(-chardev "file,id=early,path=$tmp/console" -serial chardev:early
            -device virtio-serial-pci -device 'virtconsole,chardev=console')
    elif [ "$serial" = yes ]; then
        command+=(-serial chardev:console)
    else
        command+=(-chardev file,id=early,path=/dev/stdout,append=on -serial chardev:early
            -device virtio-serial-pci -device 'virtconsole,chardev=console')
    fi

    for disk in "${disks[@]}"; do
        options=
        if [[ $disk = *,ro ]]; then
            disk=${disk%,ro}
            options=,readonly=on
        fi
        command+=(-drive "if=none,id=disk$id,format=raw,file=${disk//,/,,}$options"
            -device "virtio-blk-pci,drive=disk$id")
        id=$((id + 1))
    done

    if [ "$net" = yes ]; then
        options=user,id=net0
        [ -z "$port" ] || options+=,hostfwd=tcp:127.0.0.1:$port-:$guest_port
        [ "$udp" = no ] || [ -z "$port" ] || options+=,hostfwd=udp:127.0.0.1:$port-:$guest_port
        command+=(-netdev "$options" -device 'virtio-net-pci,netdev=net0,romfile=')
    fi
    [ "$rng" = no ] || command+=(-device virtio-rng-pci)
}

# isa-debug-exit makes QEMU leave with CODE * 2 + 1, so codes above 127 come as
# 127, and the guest's last line "exit: CODE" has the true one. QEMU leaves with 1
# when it cannot start, like a guest with code 0, but then there is no such line. Even
# numbers are not of isa-debug-exit: nobody gave a code.
qemu_code()
{
    local line
    line=$(tr -d '\r' <"$tmp/tail" | grep -a . | tail -n 1)
    if [ "$stopped" -ne 0 ]; then
        code=$stopped
    elif [ $(($1 % 2)) -eq 1 ]; then
        code=$(($1 / 2))
        if [ "$1" -eq 1 ] && [ "$line" != 'exit: 0' ]; then
            code=125
        elif [ "$1" -eq 255 ] && [[ $line =~ ^exit:\ ([0-9]+)$ ]] && [ "${BASH_REMATCH[1]}" -ge 127 ]; then
            code=$((BASH_REMATCH[1] & 255))
        fi
    elif [ "$1" -gt 128 ]; then
        say "QEMU was ended by signal $(($1 - 128))"
        code=125
    else
        say "the guest stopped without an exit code, as after a triple fault"
        code=126
    fi
}

# The guest's words come as they are, since the launcher joins its arguments by blanks.
launcher_command()
{
    local disk forward=

    command=("$lguest")
    [ "$raw" = no ] || command+=(--console=raw)
    for disk in "${disks[@]}"; do command+=("--block=$disk"); done
    if [ "$net" = yes ]; then
        if [ -n "$port" ]; then
            forward=,hostfwd=tcp:127.0.0.1:$port-:$guest_port
            [ "$udp" = no ] || forward+=,hostfwd=udp:127.0.0.1:$port-:$guest_port
        fi
        command+=("--net=user$forward")
    fi
    [ "$rng" = no ] || command+=(--rng)
    command+=("$mem" "$image")
    [ "$raw" = no ] || command+=(stdio=raw)
    [ -z "$cmdline" ] || command+=("$cmdline")
}

# The launcher leaves with the guest's code; a signal that ended it is no code.
launcher_code()
{
    code=$1
    [ "$stopped" -eq 0 ] || code=$stopped
}

# guest_begin: a folder for what this run needs, in $tmp, and what has to be undone at the end.
guest_begin()
{
    tmp=$(mktemp -d "${TMPDIR:-/tmp}/ringlet.XXXXXX") || exit 1
    terminal='' feeder='' pid='' stopped=0
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}

cleanup()
{
    [ -z "$pid" ] || kill "$pid" 2>/dev/null
    [ -z "$feeder" ] || kill "$feeder" 2>/dev/null
    [ -z "$terminal" ] || stty "$terminal" 2>/dev/null
    rm -rf "$tmp"
}

stop()
{
    stopped=$1
    [ -z "$pid" ] || kill "$pid" 2>/dev/null
}

# feed: standard input, and behind it the key that a person types at its end, since a console has
# none: ^D. Twice, as behind a line without an end the first one only hands that over. Bytes have
# their end marked, as lib/libc/tty_raw.c says.
feed()
{
    local reader end='\004\004'
    if [ "$raw" = yes ]; then
        LC_ALL=C sed -u 's/\x10/&&/g' <&0 &
        end='\020\004'
    else
        cat <&0 &
    fi
    reader=$!
    trap 'kill $reader 2>/dev/null' TERM
    wait $reader && printf "$end"
}

# guest_probe CHOSEN: QEMU where this machine has nothing that the launcher needs, unless that was
# the user's choice.
guest_probe()
{
    local reason
    ! reason=$("$lguest" --probe 2>&1) || return 0
    [ -z "$1" ] || { say "${reason#lguest: }"; exit 125; }
    say "${reason#lguest: }; QEMU runs it instead"
    host=qemu
}

# guest_dry_run: print the command that would start the guest, and end.
guest_dry_run()
{
    choose_port
    "${host}_command"
    printf '%q ' "${command[@]}"
    echo
    exit 0
}

# guest_run: start it, wait for its end, and end with its code.
guest_run()
{
    local status
    # Not both are a person's: they are bytes, and what the system says goes to standard error.
    if [[ " launcher qemu " = *" $host "* && $serial = no ]] && { [ ! -t 0 ] || [ ! -t 1 ]; }; then
        raw=yes
        [[ ! " ${cmdline%% -- *} " =~ " "(stdio|console)= ]] || raw=no
    fi
    # QEMU's virtio console throws away what a pipe does not take at once; its serial port waits.
    [ "$host-$raw" != qemu-no ] || [ ! -p /dev/stdout ] || serial=yes

    # The console goes through a pipe where its end has to be known, which is all that is kept: a
    # guest may run for months. QEMU's needs it, and can open a pipe anew (qemu_command) where a
    # file would be written over, and a terminal or a socket of somebody else could not be opened.
    keepers=()
    if [ "$host" = qemu ]; then
        mkfifo "$tmp/console" "$tmp/copy" || exit 1
        (trap '' INT; exec tail -c 4096 <"$tmp/copy" >"$tmp/tail") &
        keepers+=($!)
        if [ "$raw" = yes ]; then
            (trap '' INT; exec tee -p "$tmp/copy" <"$tmp/console" >&2) &
        else
            (trap '' INT; exec tee -p "$tmp/copy" <"$tmp/console") &
        fi
        keepers+=($!)
    fi

    choose_port
    "${host}_command"
    [ -z "$port" ] || announce
    if [ -t 0 ]; then
        terminal=$(stty -g)
        case $host-$keys in
        # There Ctrl-C is a key like others, and so are Ctrl-Z and Ctrl-\.
        qemu-yes) say "exit ends it, or Ctrl-]"; stty intr '^]' susp undef quit undef ;;
        launcher-yes) say "exit, or Ctrl-C three times within a second, ends it" ;;
        *) say "Ctrl-C ends it" ;;
        esac
    fi

    # Closed standard input would be taken by the first file that is opened.
    [ -e /dev/fd/0 ] || exec </dev/null
    if [[ $host-$raw = qemu-yes || ( ! -t 0 && $host-$raw != launcher-yes && $host != web ) ]]; then
        mkfifo "$tmp/input" || exit 1
        feed >"$tmp/input" <&0 &
        feeder=$!
        exec <"$tmp/input"
    fi

    # In the background, so that a signal to this script is served at once, and by this script, as
    # what runs there has SIGINT ignored; the keyboard is still the guest's, as both belong to one job.
    trap 'stop 130' INT
    trap 'stop 143' TERM HUP
    : >"$tmp/bytes" || exit 1
    if [ "$host-$raw" = qemu-yes ]; then
        "${command[@]}" <&0 >"$tmp/bytes" &
    elif [ "$host" = qemu ]; then
        "${command[@]}" <&0 >"$tmp/console" &
    else
        "${command[@]}" <&0 &
    fi
    pid=$!
    if [ "$host-$raw" = qemu-yes ]; then
        (trap '' INT; exec tail -c +1 -s 0.05 -f --pid=$pid "$tmp/bytes" 2>/dev/null) &
        keepers+=($!)
    fi
    [ "$stopped" -eq 0 ] || stop "$stopped" # it came before there was somebody to tell
    while :; do
        wait $pid
        status=$?
        # A signal that this script got ends the wait early.
        kill -0 $pid 2>/dev/null || break
    done
    pid=
    [ ${#keepers[@]} -eq 0 ] || wait "${keepers[@]}" # without a name it would wait for the feeder
    "${host}_code" "$status"
    exit "$code"
}
