/*
 * The page: lets a visitor choose an image, boots it (machine.js), joins its console to the
 * terminal and its server to the panel that fits, and says in words how all that goes.
 */
import { V86 } from "./v86/libv86.js";
import { Machine, MachineError } from "./machine.js";
import { HttpPanel } from "./panel.js";
import { Screen } from "./terminal.js";

const WASM = "v86/v86.wasm";

const $ = (id) => document.getElementById(id);

let entries = [];
let machine = null;
let boots = 0; /* counts them: one that was overtaken by a later one gives up */

const screen = new Screen($("terminal"), $("keys"), (text) => machine?.write(text));
const panel = new HttpPanel({
    view: $("view"),
    tell: (text) => $("http-status").textContent = text,
    moved: (path) => $("path").value = path,
});

/* ---- words ---- */

function tell(text) {
    $("status").textContent = text;
}

function fail(text) {
    $("error").textContent = text;
    $("error").hidden = !text;
    if (text) {
        tell("");
    }
}

function kib(bytes) {
    return `${Math.ceil(bytes / 1024)} KiB`;
}

/* ---- loading ---- */

async function load(file) {
    let answer;
    try {
        answer = await fetch(file);
    } catch {
        throw new MachineError(`${file} could not be loaded: the server of this page does not ` +
                               "answer.");
    }
    if (!answer.ok) {
        throw new MachineError(`${file} is missing on the server (${answer.status}). ` +
                               "“make web” puts it there.");
    }
    return answer;
}

/* A file of the list, checked against it: a server may answer with an error page and 200. */
async function loadImage({ file, size }) {
    const buffer = await (await load(file)).arrayBuffer();
    if (buffer.byteLength !== size) {
        throw new MachineError(`${file} has ${buffer.byteLength} bytes, the list says ${size}. ` +
                               "Was “make web” interrupted? Reloading the page may help.");
    }
    return buffer;
}

/* ---- booting ---- */

async function boot(entry, words) {
    const turn = ++boots;
    fail("");
    tell(`Loading ${entry.name}, ${kib(entry.image.size)}…`);
    closeServer();
    const former = machine;
    machine = null;
    await former?.stop();
    const [image, initrd] = await Promise.all(
        [loadImage(entry.image), entry.initrd && loadImage(entry.initrd)]);
    if (turn !== boots) {
        return;
    }
    screen.clear();
    let began, first;
    const fresh = machine = new Machine({
        V86, wasm: WASM, image, initrd, words, columns: screen.columns, rows: screen.rows,
        on: {
            output(bytes) {
                screen.write(bytes);
                if (first === undefined) {
                    first = performance.now() - began;
                    tell(`${entry.name} runs. Its first line came ${first.toFixed(0)} ms after ` +
                         "the machine was switched on.");
                }
            },
            ended(code) {
                tell(code === null
                    ? `${entry.name} stopped without an exit code.`
                    : `${entry.name} left with exit code ${code}, ` +
                      `${(performance.now() - began).toFixed(0)} ms after the machine was ` +
                      "switched on.");
            },
        },
    });
    tell(`Starting ${entry.name}…`);
    await fresh.ready;
    if (fresh !== machine) {
        return;
    }
    began = performance.now();
    await fresh.start();
    openServer(fresh, entry.server);
}

function chosen() {
    return entries.find((entry) => entry.name === new FormData($("chooser")).get("image"));
}

async function bootChosen() {
    const entry = chosen(), words = $("words").value.trim();
    const address = words === entry.words ? entry.name : `${entry.name} ${words}`;
    history.replaceState(null, "", `#${encodeURIComponent(address)}`);
    try {
        await boot(entry, words);
    } catch (error) {
        fail(error instanceof MachineError ? error.message
            : `The emulator failed: ${error.message}`);
    }
}

/* ---- the guest's server ---- */

function closeServer() {
    panel.clear();
    $("http").hidden = $("echo").hidden = true;
    $("answers").textContent = $("echo-status").textContent = "";
}

function openServer(of, server) {
    if (server?.speaks === "http") {
        $("http").hidden = false;
        $("path").value = "/";
        panel.load(of, server, "/");
    } else if (server?.speaks === "echo") {
        $("echo").hidden = false;
    }
}

$("http-form").addEventListener("submit", (event) => {
    event.preventDefault();
    panel.load(machine, chosen().server, $("path").value);
});

$("echo-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const decoder = new TextDecoder();
    const text = new TextEncoder().encode(`${$("line").value}\n`);
    let back = 0;
    try {
        const connection = await machine.connect(chosen().server.port, {
            data(bytes) {
                back += bytes.length;
                $("answers").append(decoder.decode(bytes, { stream: true }));
                if (back >= text.length) {
                    connection.close();
                }
            },
        });
        connection.write(text);
        $("echo-status").textContent = "";
    } catch (error) {
        $("echo-status").textContent = error.message;
    }
});

/* ---- choosing ---- */

function choice(entry) {
    const item = document.createElement("li");
    const input = Object.assign(document.createElement("input"), {
        type: "radio", name: "image", id: `image-${entry.name}`, value: entry.name,
    });
    const label = Object.assign(document.createElement("label"), { htmlFor: input.id });
    const name = Object.assign(document.createElement("strong"), { textContent: entry.name });
    const size = Object.assign(document.createElement("small"),
                               { textContent: kib(entry.image.size) });
    const about = Object.assign(document.createElement("span"), { textContent: entry.about });
    label.append(name, " ", size, " ", about);
    item.append(input, label);
    return item;
}

function choose(name) {
    $(`image-${name}`).checked = true;
    $("words").value = chosen().words;
    $("start").textContent = `Start ${name}`;
}

$("images").addEventListener("change", () => choose(chosen().name));

$("chooser").addEventListener("submit", (event) => {
    event.preventDefault();
    bootChosen();
    screen.focus();
});

/* The address may name an image, and words of its command line behind a blank. */
function wanted() {
    let text = location.hash.slice(1);
    try {
        text = decodeURIComponent(text);
    } catch {
        /* as it stands */
    }
    const [, name, words] = /^(\S*)\s*([^]*)$/.exec(text);
    return { name, words };
}

async function main() {
    if (typeof WebAssembly !== "object") {
        throw new MachineError("This browser has no WebAssembly, or it is switched off. The " +
                               "emulator is made of it.");
    }
    entries = await (await load("images.json")).json();
    $("images").replaceChildren(...entries.map(choice));
    const { name, words } = wanted();
    choose(entries.some((entry) => entry.name === name) ? name : entries[0].name);
    if (words) {
        $("words").value = words;
    }
    $("start").disabled = false;
    bootChosen();
}

/* The emulator fails where it meets what it does not emulate, in the middle of a guest's run. */
addEventListener("error", ({ message }) => fail(`The emulator failed: ${message}`));

main().catch((error) => fail(error.message));
