/*
 * The browser's side of HTTP for a server inside the tab: one request, one connection, to a guest
 * in v86 (machine.js). HTTP/1.0, so that the answer ends where the connection does and needs no
 * decoding. What comes back is the guest's word: it is bounded, and not believed where it
 * contradicts itself.
 */

const BODY_LIMIT = 16 << 20;
const HEAD_LIMIT = 64 << 10;
const SILENCE = 10000; /* ms without a byte until an answer is given up */

export class HttpError extends Error {}

/* GET `path` from the server at `port` of the guest: { status, reason, headers, body }, the
 * names of headers in lower case. */
export async function get(machine, path, port = 80) {
    const parts = [];
    let size = 0, timer, settle;
    const whole = new Promise((resolve, reject) => {
        settle = { resolve, reject };
    });
    const watch = () => {
        clearTimeout(timer);
        timer = setTimeout(() => settle.reject(
            new HttpError(`The guest fell silent in the middle of ${path}.`)), SILENCE);
    };
    const connection = await machine.connect(port, {
        data(bytes) {
            watch();
            parts.push(bytes);
            size += bytes.length;
            if (size > BODY_LIMIT + HEAD_LIMIT) {
                settle.reject(new HttpError(`${path} is larger than this page will hold.`));
            }
        },
        closed: () => settle.resolve(),
    });
    watch();
    connection.write(new TextEncoder().encode(
        `GET ${encodeURI(decode(path))} HTTP/1.0\r\nHost: guest\r\n\r\n`));
    try {
        await whole;
    } finally {
        clearTimeout(timer);
        connection.close();
    }
    return parse(join(parts, size), path);
}

/* Once decoded and encoded again a path has no blank and no line end in it. */
function decode(path) {
    try {
        return decodeURI(path);
    } catch {
        return path;
    }
}

function join(parts, size) {
    const whole = new Uint8Array(size);
    let at = 0;
    for (const part of parts) {
        whole.set(part, at);
        at += part.length;
    }
    return whole;
}

export function parse(bytes, path) {
    const text = new TextDecoder("latin1").decode(bytes.subarray(0, HEAD_LIMIT));
    const end = text.indexOf("\r\n\r\n");
    const first = /^HTTP\/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n/.exec(text);
    if (end < 0 || !first) {
        throw new HttpError(`What the guest answers for ${path} is not HTTP.`);
    }
    const headers = new Map();
    for (const line of text.slice(first[0].length, end).split("\r\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) {
            headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
        }
    }
    const body = bytes.slice(end + 4);
    const length = headers.get("content-length");
    if (length !== undefined && Number(length) !== body.length) {
        throw new HttpError(`${path} is incomplete: ${body.length} of ${length} bytes came.`);
    }
    return { status: Number(first[1]), reason: first[2] ?? "", headers, body };
}
