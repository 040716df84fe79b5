/*
 * Runs an image in v86 without a browser: the console is this program's standard input and
 * output, and it leaves with the guest's exit code; the tests treat it as they treat QEMU. The
 * machine is the page's own (web/machine.js).
 *
 *   node run.mjs BUILD IMAGE [--words TEXT] [--initrd FILE] [--mem MIB] [--serial] [--times]
 *                [--network] [--forward PORT=FILE]...
 *
 * BUILD is the folder with web/ in it. --serial takes the virtio console away, --network gives a
 * card. --forward makes a TCP port of this machine, chosen by the
 * system, lead to PORT of the guest, and writes its number to FILE. --times says on standard
 * error after how many ms from switching on each line of the console was there.
 *
 * Leaves with 126 if the guest stopped without an exit code, 125 if it could not be started.
 */
import { readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";

/* v86 reports on the console object; standard output is the guest's. */
console.log = console.warn = console.info = console.error;

function buffer(path) {
    const bytes = readFileSync(path);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

/* A client that only stops sending stays connected: v86's TCP loses what comes after a FIN of its
 * own. */
function forward(machine, port, file) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
        const early = [];
        let connection = null;
        socket.on("data", (data) => connection ? connection.write(data) : early.push(data));
        socket.on("error", () => socket.destroy());
        socket.on("close", () => connection?.close());
        machine.connect(port, {
            data: (data) => socket.write(data),
            closed: () => socket.end(),
        }).then((opened) => {
            connection = opened;
            early.forEach((data) => connection.write(data));
            if (socket.destroyed) {
                connection.close();
            }
        }, () => socket.destroy());
    });
    server.listen(0, "127.0.0.1", () => {
        writeFileSync(`${file}.new`, `${server.address().port}\n`);
        renameSync(`${file}.new`, file);
    });
}

/* Everything that is written gets out before the process leaves, pipe or not. */
function print(bytes) {
    for (let at = 0; at < bytes.length;) {
        try {
            at += writeSync(1, bytes, at);
        } catch (error) {
            if (error.code === "EPIPE") {
                process.exit(125);
            }
            if (error.code !== "EAGAIN") {
                throw error;
            }
        }
    }
}

async function main() {
    const { values, positionals } = parseArgs({
        allowPositionals: true,
        options: {
            words: { type: "string", default: "" },
            initrd: { type: "string" },
            mem: { type: "string", default: "64" },
            serial: { type: "boolean", default: false },
            network: { type: "boolean", default: false },
            times: { type: "boolean", default: false },
            forward: { type: "string", multiple: true, default: [] },
        },
    });
    const [build, image] = positionals;
    const load = (name) => import(pathToFileURL(resolve(build, "web", name)));
    const { V86 } = await load("v86/libv86.js");
    const { Machine } = await load("machine.js");
    let started;
    const machine = new Machine({
        V86,
        wasm: resolve(build, "web/v86/v86.wasm"),
        image: buffer(image),
        initrd: values.initrd ? buffer(values.initrd) : null,
        words: values.words,
        memory: Number(values.mem) << 20,
        network: values.network,
        serial: values.serial,
        on: {
            output(bytes) {
                print(bytes);
                if (values.times) {
                    const taken = (performance.now() - started).toFixed(2);
                    console.error(`${taken} ${JSON.stringify(new TextDecoder().decode(bytes))}`);
                }
            },
            ended: (code) => process.exit(code ?? 126),
        },
    });
    process.stdin.on("data", (data) => machine.write(data));
    await machine.ready;
    for (const pair of values.forward) {
        const [port, file] = pair.split("=");
        forward(machine, Number(port), file);
    }
    started = performance.now();
    await machine.start();
}

main().catch((error) => {
    console.error(`v86: ${error.message}`);
    process.exit(125);
});
