/*
 * Shows what a web server inside the guest serves, as a browser would: asks for a page and its
 * parts over the guest's network card (http.js) and shows them in a frame.
 *
 * The guest's bytes are a stranger's. They are parsed in a document that is never shown, their
 * parts become data: addresses, and the result is handed as text to a frame with an origin of its
 * own and a policy that lets it reach nothing (frame.html). The frame asks back for what scripts
 * fetch and links open; all that such a request can reach is the guest.
 */
import { get } from "./http.js";

const GUEST = "http://guest";
const PARTS_MAX = 64;

/* The parts of a page that are loaded with it: elements and the attribute with the address. */
const PARTS = [
    ["link[rel~=stylesheet][href]", "href"],
    ["script[src]", "src"],
    ["img[src]", "src"],
];

export class HttpPanel {
    /* `view` is the element that the frame goes into; `tell(text)` says how it went, and
     * `moved(path)` where a link led. */
    constructor({ view, tell, moved }) {
        Object.assign(this, { view, tell, moved });
        this.turn = 0; /* counts what was asked for; an answer to an earlier one is not shown */
    }

    /* Show nothing. */
    clear() {
        this.turn++;
        this.channel?.close();
        this.view.replaceChildren();
        this.tell("");
    }

    async load(machine, server, path) {
        const turn = ++this.turn;
        const began = performance.now();
        this.machine = machine;
        this.server = server;
        this.path = resolve(path, "/") ?? "/";
        this.tell(`Loading ${this.path}…`);
        try {
            const answer = await get(machine, this.path, server.port);
            const page = await this.compose(answer);
            if (turn === this.turn) {
                this.show(page);
                this.tell(`${answer.status} ${answer.reason}, ${answer.body.length} bytes of ` +
                          `${type(answer)}, ${Math.round(performance.now() - began)} ms`);
            }
        } catch (error) {
            if (turn === this.turn) {
                this.view.replaceChildren();
                this.tell(error.message);
            }
        }
    }

    /* What the frame is to show of an answer, as HTML. */
    async compose(answer) {
        const kind = type(answer);
        const text = () => new TextDecoder().decode(answer.body);
        if (kind === "text/html") {
            return this.inline(text());
        }
        const page = document.implementation.createHTMLDocument("");
        if (kind.startsWith("image/")) {
            const image = page.createElement("img");
            image.src = await dataAddress(answer);
            page.body.append(image);
        } else {
            const pre = page.createElement("pre");
            pre.textContent = /^text\/|json$|javascript$|xml$/.test(kind)
                ? text() : `${answer.body.length} bytes of ${kind}`;
            page.body.append(pre);
        }
        return serialize(page);
    }

    /* The page with its parts in it. A part that cannot be had stays away, like in any browser. */
    async inline(html) {
        const page = new DOMParser().parseFromString(html, "text/html");
        page.querySelectorAll("meta[http-equiv], base, link[rel~=icon]").forEach((e) => e.remove());
        const parts = PARTS.flatMap(([selector, attribute]) =>
            [...page.querySelectorAll(selector)].map((element) => ({ element, attribute })));
        await Promise.all(parts.map(async ({ element, attribute }, i) => {
            const path = resolve(element.getAttribute(attribute), this.path);
            const answer = path !== null && i < PARTS_MAX
                ? await get(this.machine, path, this.server.port).catch(() => null) : null;
            if (answer?.status === 200) {
                element.setAttribute(attribute, await dataAddress(answer));
            } else {
                element.removeAttribute(attribute);
            }
        }));
        return serialize(page);
    }

    show(page) {
        const frame = document.createElement("iframe");
        const channel = new MessageChannel();
        this.channel?.close();
        this.channel = channel.port1;
        this.channel.onmessage = ({ data }) => this.asked(data, channel.port1);
        frame.title = `Page of the guest: ${this.path}`;
        frame.setAttribute("sandbox", "allow-scripts");
        frame.src = "frame.html";
        /* Its origin is opaque and has no name to send to; nobody else is in that window. */
        frame.addEventListener("load", () =>
            frame.contentWindow.postMessage(page, "*", [channel.port2]), { once: true });
        this.view.replaceChildren(frame);
    }

    /* The frame wants to open a link, or to have something fetched. */
    async asked({ open, fetch, id }, port) {
        if (open !== undefined) {
            const path = resolve(open, this.path);
            if (path === null) {
                this.tell(`${open} is outside, where this page does not go.`);
            } else {
                this.moved(path);
                this.load(this.machine, this.server, path);
            }
            return;
        }
        try {
            const path = resolve(fetch, this.path);
            const answer = await get(this.machine, path ?? "/", this.server.port);
            port.postMessage({ id, status: answer.status, type: type(answer), body: answer.body });
        } catch (error) {
            port.postMessage({ id, error: error.message });
        }
    }
}

/* The path on the guest that `href` on the page at `base` means; null if it leads elsewhere. */
function resolve(href, base) {
    try {
        const url = new URL(href, GUEST + base);
        return url.origin === GUEST ? url.pathname + url.search : null;
    } catch {
        return null;
    }
}

function type(answer) {
    return (answer.headers.get("content-type") ?? "application/octet-stream").split(";")[0].trim();
}

function dataAddress(answer) {
    return new Promise((done, failed) => {
        const reader = new FileReader();
        reader.onload = () => done(reader.result);
        reader.onerror = () => failed(reader.error);
        reader.readAsDataURL(new Blob([answer.body],
                                      { type: answer.headers.get("content-type") ?? "" }));
    });
}

function serialize(page) {
    return `<!doctype html>${page.documentElement.outerHTML}`;
}
