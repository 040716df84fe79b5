/* Shows what the machine does: /events tells it once a second, and /status where events do not come. */
"use strict";

const $ = (id) => document.getElementById(id);
const SPAN = 60; // values that a chart shows
const POLL = 2000; // milliseconds, without events

function size(bytes) {
    const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let unit = 0;
    while (bytes >= 1024 && unit < units.length - 1) {
        bytes /= 1024;
        unit++;
    }
    return `${unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

function duration(seconds) {
    const two = (n) => String(Math.floor(n)).padStart(2, "0");
    const days = Math.floor(seconds / 86400);
    const clock = `${two(seconds / 3600 % 24)}:${two(seconds / 60 % 60)}:${two(seconds % 60)}`;
    return days ? `${days} d ${clock}` : clock;
}

const count = (n) => Math.round(n).toLocaleString("en");
const sum = (list, value) => list.reduce((total, one) => total + value(one), 0);

/* ---- charts ---- */

/*
 * What each tile shows. `of` gives a value; where `rate` is set it is a counter, and the chart has
 * what it grew by in a second. `top` is the least that the full height stands for.
 */
const charts = {
    requests: { of: (s) => s.server.requests, rate: true, text: count, unit: "a second", top: 10 },
    memory: { of: (s) => s.memory.total - s.memory.free, text: size, unit: "in use", top: (s) => s.memory.total },
    packets: {
        of: (s) => sum(s.interfaces, (i) => i.rx_frames + i.tx_frames),
        rate: true, text: count, unit: "a second", top: 10,
    },
    sent: { of: (s) => s.server.bytes_sent, rate: true, text: size, unit: "a second", top: 1024 },
    interrupts: { of: (s) => sum(s.devices, (d) => d.interrupts), rate: true, text: count, unit: "a second", top: 10 },
    disk: {
        of: (s) => sum(s.disks, (d) => d.read_bytes + d.write_bytes),
        rate: true, text: size, unit: "a second", top: 1024,
    },
};

let before = null; // the description before this one

/* The value now, or null as long as a rate has no two to be made of. A restart begins anew. */
function value_of(chart, status) {
    const now = chart.of(status);
    if (!chart.rate) {
        return now;
    }
    const span = before ? status.uptime - before.uptime : 0;
    return span > 0 ? Math.max(0, now - chart.of(before)) / span : null;
}

function draw(name, chart, status) {
    const value = value_of(chart, status);
    if (value === null) {
        return;
    }
    chart.values = [...(chart.values || []), value].slice(-SPAN);
    const least = typeof chart.top === "function" ? chart.top(status) : chart.top;
    const top = Math.max(least, ...chart.values);
    const first = SPAN - chart.values.length;
    const points = chart.values.map((v, i) => `${first + i},${(30 - 28 * v / top).toFixed(1)}`);
    const most = Math.max(...chart.values);
    $(name).textContent = `${chart.text(value)} ${chart.unit}`;
    const svg = $(`${name}-chart`);
    svg.setAttribute("aria-label", `The last ${chart.values.length} values: now ${chart.text(value)}, at most ${chart.text(most)}`);
    svg.querySelector("polyline").setAttribute("points", points.join(" "));
    svg.querySelector("polygon").setAttribute("points", `${first},30 ${points.join(" ")} ${SPAN - 1},30`);
}

/* ---- the page ---- */

function row(device) {
    const tr = document.createElement("tr");
    for (const text of [device.type, device.transport, device.where]) {
        tr.insertCell().textContent = text;
    }
    for (const number of [device.interrupts, sum(device.queues, (queue) => queue.reaped)]) {
        const cell = tr.insertCell();
        cell.className = "number";
        cell.textContent = count(number);
    }
    return tr;
}

let said = "";

/* Read out by screen readers, so it is only written when it is news. */
function say(text) {
    if (text !== said) {
        $("state").textContent = said = text;
    }
}

function show(status) {
    say(`${status.system} on the platform “${status.platform}”, started through “${status.door}”.`);
    $("uptime").textContent = duration(status.uptime);
    if (before && status.uptime < before.uptime) {
        before = null;
    }
    for (const [name, chart] of Object.entries(charts)) {
        draw(name, chart, status);
    }
    before = status;
    $("devices").tBodies[0].replaceChildren(...status.devices.map(row));
    $("live").hidden = false;
    $("devices").hidden = status.devices.length === 0;
}

/* ---- where it comes from ---- */

let stream = null, timer = null, paused = false;

async function poll() {
    try {
        const answer = await fetch("/status", { signal: AbortSignal.timeout(5000) });
        if (!answer.ok) {
            throw new Error(`status ${answer.status}`);
        }
        show(await answer.json());
    } catch (error) {
        say(`The server does not answer (${error.message}).`);
    }
}

function stop() {
    stream?.close();
    clearInterval(timer);
    stream = timer = null;
}

function start_polling() {
    poll();
    timer = setInterval(poll, POLL);
}

function start() {
    stop();
    if (paused || document.hidden) {
        return;
    }
    if (!window.EventSource) {
        start_polling();
        return;
    }
    stream = new EventSource("/events");
    stream.onmessage = (event) => show(JSON.parse(event.data));
    stream.onerror = () => {
        if (stream.readyState === EventSource.CLOSED) { // refused, and not tried again
            stop();
            start_polling();
        } else {
            say("The server does not answer; trying again.");
        }
    };
}

$("pause").addEventListener("click", () => {
    paused = !paused;
    $("pause").setAttribute("aria-pressed", paused);
    $("pause").textContent = paused ? "Go on" : "Pause";
    start();
});
document.addEventListener("visibilitychange", start);
start();
