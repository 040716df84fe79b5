/*
 * The terminal on the guest's console: xterm.js, fitted to its place on the page and in the
 * page's colours. It exists once; machines come and go behind it.
 */
import { Terminal } from "./xterm/xterm.js";
import { FitAddon } from "./xterm/addon-fit.js";

const KEYS = { "Tab": "\t", "Up": "\x1b[A", "Ctrl-C": "\x03" };

/* Colours by the page's variables, so that they follow light and dark. */
function theme() {
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    return {
        background: colour("--screen"),
        foreground: colour("--screen-ink"),
        cursor: colour("--accent"),
        cursorAccent: colour("--screen"),
        selectionBackground: colour("--selection"),
    };
}

export class Screen {
    /* `typed(text)` gets what is typed; `keys` is an element with buttons for single keys. */
    constructor(element, keys, typed) {
        this.element = element;
        this.terminal = new Terminal({
            convertEol: true,
            cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
            fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace",
            fontSize: 14,
            lineHeight: 1.15, /* less cuts the underscore off */
            screenReaderMode: true,
            scrollback: 5000,
            theme: theme(),
        });
        const fit = new FitAddon();
        this.terminal.loadAddon(fit);
        this.terminal.open(element);
        this.terminal.onData(typed);
        /* Tab belongs to the guest, which completes words; with Shift it leads out. */
        this.terminal.attachCustomKeyEventHandler((event) =>
            !(event.key === "Tab" && event.shiftKey));
        new ResizeObserver(() => fit.fit()).observe(element);
        fit.fit();
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
            this.terminal.options.theme = theme();
        });
        keys.addEventListener("click", ({ target }) => {
            if (target.dataset.key) {
                typed(KEYS[target.dataset.key]);
                this.focus();
            }
        });
    }

    get columns() {
        return this.terminal.cols;
    }

    get rows() {
        return this.terminal.rows;
    }

    write(bytes) {
        this.terminal.write(bytes);
    }

    clear() {
        this.terminal.reset();
    }

    focus() {
        this.terminal.focus();
    }
}
