/*
 * Ethernet frames of the guest, as far as they have to be touched on their way to v86's TCP.
 *
 * That TCP overlooks the data of a segment that carries FIN as well (RFC 9293, 3.10.7.4 has both
 * handled, in that order). A server that answers and closes sends its last bytes just so. They
 * arrive when the two are sent one after the other.
 */

const ETHERNET = 14;
const IPV4 = 0x0800;
const TCP = 6;
const FIN = 0x01;

/* The frame, or two in its place: the data without FIN, then FIN without data. Checksums are not
 * renewed, since v86 looks at none. */
export function splitFin(frame) {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    if (frame.length < ETHERNET + 40 || view.getUint16(12) !== IPV4 ||
        view.getUint8(ETHERNET + 9) !== TCP) {
        return [frame];
    }
    const headers = 4 * (view.getUint8(ETHERNET) & 0x0f);
    const tcp = ETHERNET + headers;
    const total = view.getUint16(ETHERNET + 2);
    if (frame.length < ETHERNET + total || total < headers + 20 ||
        !(view.getUint8(tcp + 13) & FIN)) {
        return [frame];
    }
    const data = tcp + 4 * (view.getUint8(tcp + 12) >> 4);
    const length = ETHERNET + total - data;
    if (length <= 0) {
        return [frame];
    }
    const first = frame.slice();
    first[tcp + 13] &= ~FIN;
    const second = frame.slice(0, data);
    const header = new DataView(second.buffer);
    header.setUint16(ETHERNET + 2, total - length);
    header.setUint32(tcp + 4, (header.getUint32(tcp + 4) + length) >>> 0);
    return [first, second];
}
