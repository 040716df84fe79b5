/*
 * A Ringlet guest in v86, the x86 emulator: what the page, the headless tests and the benchmark
 * start, so that all three mean the same machine. It runs in a browser and in node.
 *
 * v86 loads the image by its Multiboot header, with no firmware at all. It has a virtio console
 * and a virtio network card but no virtio disk, so files come as the initrd. At the other end of
 * the card v86 itself answers ARP, DHCP, DNS and ping, and opens TCP connections to the guest;
 * nothing of that leaves the process.
 */

import { splitFin } from "./frames.js";

export const MEMORY = 64 << 20;

const LOW_MEMORY = 1 << 20; /* an image begins above it */
const VIDEO_MEMORY = 1 << 20; /* v86 has a screen card always; nobody looks at it */

/* The guest posts buffers of 500 bytes for what is typed; v86 cuts what is longer, and drops
 * what comes when none is free. So input waits here until one is. */
const INPUT_CHUNK = 500;
const INPUT_RETRY = 5; /* ms */

/* v86's TCP sends a SYN once. After so many ms another is sent, then after twice as many. */
const CONNECT_TRY = 40;

/* How much of the console is kept to find the last line in, characters. */
const TAIL = 4096;

export class MachineError extends Error {}

export class Machine {
    /*
     * `V86` is the class of v86's library and `wasm` where its code is, a path or an address;
     * `image` and `initrd` (or null) are ArrayBuffers, `words` the guest's command line, `columns`
     * and `rows` what its console says of its size. Without `network` it has no card, with `serial`
     * no console but the serial port. `on` holds functions, each may be missing:
     * output(Uint8Array) for what the guest prints, ended(code) once when it has left, with the
     * exit code or null where it gave none.
     */
    constructor({ V86, wasm, image, initrd = null, words = "", memory = MEMORY, columns = 80,
                  rows = 25, network = true, serial = false, on = {} }) {
        const files = image.byteLength + (initrd ? initrd.byteLength : 0);
        if (files + LOW_MEMORY > memory) {
            throw new MachineError(`The image is too large: ${mib(files)} with its files, and the ` +
                                   `guest has ${mib(memory)} of memory in all.`);
        }
        this.on = on;
        this.size = [columns, rows];
        this.serial = serial;
        this.input = [];
        this.tail = "";
        this.decoder = new TextDecoder();
        this.ended = false;
        this.emulator = new V86({
            wasm_path: wasm,
            memory_size: memory,
            vga_memory_size: VIDEO_MEMORY,
            multiboot: { buffer: image },
            initrd: initrd ? { buffer: initrd } : undefined,
            cmdline: words || undefined,
            virtio_console: serial ? undefined : { type: "none" },
            net_device: { type: network ? "virtio" : "none", relay_url: "fetch" },
            disable_keyboard: true,
            disable_mouse: true,
            disable_speaker: true,
        });
        this.ready = new Promise((resolve) =>
            this.emulator.add_listener("emulator-ready", resolve));
        this.emulator.add_listener("virtio-console0-output-bytes", (data) => this.said(data));
        /* The serial port is the early console: what is said before there is a better one. */
        this.emulator.add_listener("serial0-output-byte", (byte) => this.said([byte]));
        this.emulator.add_listener("cpu-event-halt", () => this.halted());
    }

    /* Switch it on; resolves when the first instruction is about to run. */
    async start() {
        await this.ready;
        const network = this.emulator.network_adapter;
        /* v86 would carry a guest's requests to port 80 of any address out as its own. */
        network.fetch = () => Promise.reject(new MachineError("no network outside"));
        const send = network.send.bind(network);
        network.send = (frame) => splitFin(frame).forEach(send);
        this.emulator.bus.send("virtio-console0-resize", this.size);
        await this.emulator.run();
    }

    /* Take the plug out. Nothing is said any more, not even `ended`. */
    async stop() {
        this.ended = true;
        this.input = [];
        await this.ready;
        await this.emulator.destroy();
    }

    /* Type: a string or bytes. */
    write(data) {
        const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
        for (let at = 0; at < bytes.length; at += INPUT_CHUNK) {
            this.input.push(bytes.slice(at, at + INPUT_CHUNK));
        }
        this.pump();
    }

    pump() {
        while (this.input.length && this.listening()) {
            if (this.serial) {
                this.emulator.serial_send_bytes(0, this.input.shift());
            } else {
                this.emulator.bus.send("virtio-console0-input-bytes", this.input.shift());
            }
        }
        if (this.input.length && !this.ended) {
            clearTimeout(this.retry);
            this.retry = setTimeout(() => this.pump(), INPUT_RETRY);
        }
    }

    /* Can the guest take what is typed: has it posted a buffer for it? A serial port has a queue
     * of v86's own before it. */
    listening() {
        const devices = this.emulator.v86?.cpu.devices;
        if (this.ended || !devices) {
            return false;
        }
        return this.serial || devices.virtio_console?.virtio.queues[0].has_request();
    }

    said(data) {
        if (this.ended) {
            return;
        }
        const bytes = Uint8Array.from(data);
        this.tail = (this.tail + this.decoder.decode(bytes, { stream: true })).slice(-TAIL);
        this.on.output?.(bytes);
    }

    /* Halted with interrupts off: nothing can wake it, it has left. Its last word on the console
     * is the exit code; the farewell of a machine without a power switch may follow. */
    halted() {
        if (this.ended) {
            return;
        }
        const codes = [...this.tail.matchAll(/^exit: (\d+)\r?$/gm)];
        this.ended = true;
        this.emulator.stop();
        this.on.ended?.(codes.length ? Number(codes.at(-1)[1]) : null);
    }

    /*
     * Connect to a TCP port of the guest, trying until `limit` ms have passed: the guest may
     * still be on its way. `on.data(Uint8Array)`, `on.closed()` follow what the guest does. The
     * connection has write(bytes) and close().
     */
    connect(port, on = {}, limit = 10000) {
        return new Promise((resolve, reject) => {
            const began = performance.now();
            let connection = null, timer, pause = CONNECT_TRY;
            const attempt = () => {
                connection?.release();
                if (this.ended || performance.now() - began > limit) {
                    reject(new MachineError(this.ended ? "The guest is not running."
                        : `Nothing answers at port ${port} of the guest.`));
                    return;
                }
                timer = setTimeout(attempt, pause);
                pause *= 2;
                connection = this.open(port, {
                    ...on,
                    connected(opened) {
                        clearTimeout(timer);
                        resolve(opened);
                    },
                });
            };
            attempt();
        });
    }

    /* One attempt: v86's connection, with its events led to `on`. It tells of an end that the
     * guest begins, but of one that was begun here only by forgetting the connection. */
    open(port, on) {
        const connection = this.emulator.network_adapter.connect(port);
        const release = connection.release.bind(connection);
        let open = false;
        const closed = () => {
            if (open) {
                open = false;
                on.closed?.();
            }
        };
        connection.release = () => {
            release();
            closed();
        };
        connection.on("connect", () => {
            open = true;
            on.connected(connection);
        });
        connection.on("data", (data) => on.data?.(data.slice()));
        connection.on("shutdown", () => {
            connection.close();
            closed();
        });
        connection.on("close", closed);
        return connection;
    }
}

function mib(bytes) {
    return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}
