// Building the page out of elements and text. Nothing here, or anywhere else, turns a text into markup.

/**
 * An element: `element("button", { class: "quiet", onclick: f }, "Send")`.
 * Children are nodes, texts and lists of them. Properties that start with "on" are listeners, "data" is a dataset, the
 * others are attributes; null and false are left out.
 */
export function element(name, properties = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
        if (value === null || value === undefined || value === false) continue;
        if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
        else if (key === "data") Object.assign(node.dataset, value);
        else node.setAttribute(key, value === true ? "" : String(value));
    }
    // One by one: a hostile text can have more children than a call can have arguments.
    for (const child of children.flat()) if (child !== null && child !== undefined && child !== false) node.append(child);
    return node;
}

export const byID = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";

/** One of the symbols of index.html. */
export function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS(SVG, "use");
    use.setAttribute("href", `#i-${name}`);
    svg.append(use);
    return svg;
}

export function setIcon(button, name) {
    button.querySelector("use").setAttribute("href", `#i-${name}`);
}

/** A button with a picture only: its label is for screen readers and as a tip. */
export function iconButton(name, label, onclick, properties = {}) {
    return element(
        "button", { type: "button", class: "quiet", "aria-label": label, title: label, onclick, ...properties }, icon(name));
}

/** A line that goes away by itself, with something to do about it. */
export function toast(text, action = null, seconds = 6) {
    const node = element("div", { class: "toast" }, element("span", {}, text));
    const close = () => {
        clearTimeout(timer);
        node.remove();
    };
    const timer = setTimeout(close, seconds * 1000);
    if (action) {
        const button = element("button", { type: "button", class: "link" }, action.label);
        button.addEventListener("click", () => {
            close();
            action.run();
        });
        node.append(button);
    }
    byID("toasts").append(node);
    while (byID("toasts").childElementCount > 3) byID("toasts").firstElementChild.remove();
}

const notices = new Map();

/** Shows a line above the conversation until it is taken back with `notice(key, null)`. */
export function notice(key, text, actions = []) {
    const old = notices.get(key);
    notices.delete(key);
    if (!text) {
        old?.remove();
        return;
    }
    const node = element("div", { class: "notice", data: { notice: key } }, icon("warning"), element("span", {}, text));
    for (const { label, run } of actions) {
        node.append(element("button", { type: "button", class: "link", onclick: run }, label));
    }
    if (old) old.replaceWith(node);
    else byID("notices").append(node);
    notices.set(key, node);
}

/** Says something to screen readers. */
export function announce(text) {
    const region = byID("announcements");
    region.append(element("p", {}, text));
    while (region.childElementCount > 40) region.firstElementChild.remove();
}

/** Puts a text on the clipboard; false when the browser does not let us. */
export async function copy(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        // Pages without TLS on another machine have no clipboard but the old way.
        const field = element("textarea", { class: "hidden", readonly: true, "aria-hidden": "true" });
        field.value = text;
        const focused = document.activeElement;
        document.body.append(field);
        field.select();
        const copied = document.execCommand("copy");
        field.remove();
        focused?.focus?.();
        return copied;
    }
}

/** A button that copies what `text()` gives, and says so. */
export function copyButton(label, text, properties = {}) {
    const button = iconButton("copy", label, async () => {
        const copied = await copy(text());
        setIcon(button, copied ? "check" : "warning");
        announce(copied ? "Copied" : "The browser did not allow copying");
        if (!copied) toast("The browser did not allow copying.");
        setTimeout(() => setIcon(button, "copy"), 1600);
    }, properties);
    return button;
}

/** A menu beside `anchor` with `items` of { label, run, danger }. */
export function openMenu(anchor, items) {
    const menu = byID("menu");
    menu.replaceChildren(...items.map(({ label, run, danger }) => element("button", {
        type: "button", role: "menuitem", class: danger ? "danger" : null, onclick: () => {
            menu.hidePopover();
            run();
        },
    }, label)));
    menu.showPopover();
    const place = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    menu.style.left = `${Math.max(8, Math.min(place.right - width, innerWidth - width - 8))}px`;
    menu.style.top = `${place.bottom + height + 8 > innerHeight ? place.top - height - 4 : place.bottom + 4}px`;
    menu.onkeydown = (event) => {
        const buttons = [...menu.children];
        const at = buttons.indexOf(document.activeElement);
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step) {
            event.preventDefault();
            buttons[(at + step + buttons.length) % buttons.length].focus();
        } else if (event.key === "Tab") {
            menu.hidePopover();
        } else if (event.key === "Escape") {
            event.stopPropagation();
        }
    };
    menu.firstElementChild.focus();
}

/** A file for the person to keep. */
export function download(name, text) {
    const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    element("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** A random name for records. `crypto.randomUUID` is missing on pages without TLS. */
export function newID() {
    return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
