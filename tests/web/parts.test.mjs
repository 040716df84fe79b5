/*
 * The parts of the page that need no browser and no emulator: `node --test tests/web`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { splitFin } from "../../web/frames.js";
import { parse } from "../../web/http.js";

const bytes = (text) => new TextEncoder().encode(text);

/* An Ethernet frame with a TCP segment; options make the headers longer than they must be. */
function segment({ flags, data = "", seq = 0xfffffffe, options = 0, padding = 0 }) {
    const total = 40 + options + data.length;
    const frame = new Uint8Array(14 + total + padding);
    const view = new DataView(frame.buffer);
    view.setUint16(12, 0x0800);
    view.setUint8(14, 0x45);
    view.setUint16(16, total);
    view.setUint8(23, 6);
    view.setUint32(38, seq);
    view.setUint8(46, (20 + options) / 4 << 4);
    view.setUint8(47, flags);
    frame.set(bytes(data), 54 + options);
    return frame;
}

test("data that comes with FIN goes ahead of it", () => {
    for (const options of [0, 12]) {
        const frame = segment({ flags: 0x19, data: "last", options, padding: 2 });
        const [first, second] = splitFin(frame);
        assert.deepEqual(first.slice(0, 58 + options),
                         segment({ flags: 0x18, data: "last", options }));
        assert.deepEqual(second, segment({ flags: 0x19, seq: 2, options }));
        assert.equal(frame[47], 0x19);
    }
});

test("other frames pass as they are", () => {
    const arp = segment({ flags: 0x11, data: "x" });
    new DataView(arp.buffer).setUint16(12, 0x0806);
    const udp = segment({ flags: 0x11, data: "x" });
    udp[23] = 17;
    const cut = segment({ flags: 0x11, data: "x" }).slice(0, 50);
    const lying = segment({ flags: 0x11, data: "x" });
    new DataView(lying.buffer).setUint16(16, 2000);
    const frames = [arp, udp, cut, lying, new Uint8Array(0), segment({ flags: 0x18, data: "x" }),
                    segment({ flags: 0x11 }), segment({ flags: 0x11, padding: 6 })];
    for (const frame of frames) {
        assert.deepEqual(splitFin(frame), [frame]);
    }
});

test("an answer is taken apart", () => {
    const answer = parse(bytes("HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n" +
                               "CONTENT-LENGTH: 4\r\n\r\ngone"), "/x");
    assert.equal(answer.status, 404);
    assert.equal(answer.reason, "Not Found");
    assert.equal(answer.headers.get("content-type"), "text/plain");
    assert.deepEqual(answer.body, bytes("gone"));
    assert.equal(parse(bytes("HTTP/1.0 200\r\n\r\n"), "/").body.length, 0);
});

test("an answer that is none is refused", () => {
    for (const text of ["", "HTTP/1.1 200 OK\r\n", "HTTP/2 200 OK\r\n\r\n", "<html>\r\n\r\n"]) {
        assert.throws(() => parse(bytes(text), "/x"), /\/x is not HTTP/);
    }
    assert.throws(() => parse(bytes("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour"), "/x"),
                  /4 of 5 bytes/);
});
