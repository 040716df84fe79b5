/* Shows /status while the page is looked at, once every two seconds. */
"use strict";

const $ = (id) => document.getElementById(id);

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

function row(device) {
    const requests = device.queues.reduce((sum, queue) => sum + queue.reaped, 0);
    const tr = document.createElement("tr");
    for (const text of [device.type, device.transport, device.where]) {
        tr.insertCell().textContent = text;
    }
    for (const number of [device.interrupts, requests]) {
        const cell = tr.insertCell();
        cell.className = "number";
        cell.textContent = number.toLocaleString("en");
    }
    return tr;
}

function show(status) {
    const used = status.memory.total - status.memory.free;
    $("state").textContent =
        `${status.system} on the platform “${status.platform}”, started through “${status.door}”.`;
    $("uptime").textContent = duration(status.uptime);
    $("memory").textContent = `${size(used)} of ${size(status.memory.total)}`;
    $("memory-bar").style.width = `${100 * used / status.memory.total}%`;
    $("requests").textContent = status.server.requests.toLocaleString("en");
    $("sent").textContent = size(status.server.bytes_sent);
    $("devices").tBodies[0].replaceChildren(...status.devices.map(row));
    $("tiles").hidden = false;
    $("devices").hidden = status.devices.length === 0;
}

async function refresh() {
    if (document.hidden) {
        return;
    }
    try {
        const answer = await fetch("/status", { signal: AbortSignal.timeout(5000) });
        if (!answer.ok) {
            throw new Error(`status ${answer.status}`);
        }
        show(await answer.json());
    } catch (error) {
        $("state").textContent = `The server does not answer (${error.message}).`;
    }
}

refresh();
setInterval(refresh, 2000);
document.addEventListener("visibilitychange", refresh);
