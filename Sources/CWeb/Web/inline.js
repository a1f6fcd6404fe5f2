// Markdown within a paragraph: emphasis, code, links. The outcome is nodes made with createElement and text; there is no
// way from a text to markup. The rules are CommonMark's, as far as answers of language models use them.

import { element } from "./dom.js";

const PUNCTUATION = /[\p{P}\p{S}]/u;
const ESCAPABLE = /[!-/:-@[-`{-~]/;
const BARE_ADDRESS = /^https?:\/\/[^\s<>"'`\u{2028}\u{2029}]+/iu;
const MOST_NESTING = 24;
/** A paragraph longer than this is no prose: it stays as it is, so that no text can stall the page. */
const LONGEST = 20_000;

/**
 * The nodes of `text`. `isOpen` says that more text is to come: what was begun and is not ended (bold, code) is shown as
 * if it ended here.
 */
export function inlineNodes(text, isOpen = false) {
    return text.length > LONGEST ? [text] : new Inline(text, isOpen).nodes();
}

class Inline {
    constructor(text, isOpen) {
        this.text = text;
        this.isOpen = isOpen;
        this.at = 0;
        /** Pieces in order: { text } | { node } | { run, … } for a run of * or _ or ~ | { bracket } */
        this.pieces = [];
        this.plain = "";
        this.brackets = [];
        this.lastTicks = null;
    }

    nodes() {
        while (this.at < this.text.length) this.step();
        this.flush();
        return emphasized(this.pieces, this.isOpen);
    }

    step() {
        const { text, at } = this;
        const character = text[at];
        switch (character) {
            case "\\":
                if (text[at + 1] === "\n") return this.put(element("br"), 2);
                if (ESCAPABLE.test(text[at + 1] ?? "")) return this.take(text[at + 1], 2);
                break;
            case "\n":
                this.plain = this.plain.trimEnd();
                this.put(element("br"), 1);
                while (text[this.at] === " ") this.at += 1;
                return;
            case "`": return this.code();
            case "*": case "_": case "~": return this.run(character);
            case "[": return this.open(1);
            case "!":
                if (text[at + 1] === "[") return this.open(2);
                break;
            case "]": return this.close();
            case "<": return this.angle();
            case "h": case "H":
                if (!/[\p{L}\p{N}_]/u.test(text[at - 1] ?? "")) {
                    const found = BARE_ADDRESS.exec(text.slice(at, at + 2048));
                    if (found) return this.bare(found[0]);
                }
                break;
        }
        // Everything up to the next character that can mean something.
        const rest = /[\\\n`*_~[!\]<hH]/g;
        rest.lastIndex = at + 1;
        const next = rest.exec(text)?.index ?? text.length;
        this.take(text.slice(at, next), next - at);
    }

    take(text, length) {
        this.plain += text;
        this.at += length;
    }

    flush() {
        if (this.plain) this.pieces.push({ text: this.plain });
        this.plain = "";
    }

    put(node, length) {
        this.flush();
        this.pieces.push({ node });
        this.at += length;
    }

    code() {
        const ticks = /^`+/.exec(this.text.slice(this.at))[0];
        const start = this.at + ticks.length;
        const end = this.closing(ticks.length, start);
        if (end < 0 && !(this.isOpen && ticks.length < 3 && start < this.text.length)) return this.take(ticks, ticks.length);
        let content = this.text.slice(start, end < 0 ? undefined : end).replaceAll("\n", " ");
        if (content.length > 2 && content.startsWith(" ") && content.endsWith(" ") && content.trim()) {
            content = content.slice(1, -1);
        }
        this.put(element("code", {}, content), (end < 0 ? this.text.length : end + ticks.length) - this.at);
    }

    /** Where the next run of exactly `length` backticks starts, at `start` or later; -1 for none. All runs are listed once. */
    closing(length, start) {
        if (!this.lastTicks) {
            this.lastTicks = new Map();
            for (const { 0: run, index } of this.text.matchAll(/`+/g)) {
                if (!this.lastTicks.has(run.length)) this.lastTicks.set(run.length, { places: [], from: 0 });
                this.lastTicks.get(run.length).places.push(index);
            }
        }
        const list = this.lastTicks.get(length);
        if (!list) return -1;
        while (list.from < list.places.length && list.places[list.from] < start) list.from += 1;
        return list.places[list.from] ?? -1;
    }

    run(character) {
        const { text, at } = this;
        let end = at;
        while (text[end] === character) end += 1;
        const length = end - at;
        if (character === "~" && length !== 2) return this.take(text.slice(at, end), length);
        const before = [...text.slice(Math.max(0, at - 2), at)].at(-1) ?? " ";
        const after = String.fromCodePoint(text.codePointAt(end) ?? 32);
        const leftFlanking = !/\s/.test(after) && (!PUNCTUATION.test(after) || /\s/.test(before) || PUNCTUATION.test(before));
        const rightFlanking = !/\s/.test(before) && (!PUNCTUATION.test(before) || /\s/.test(after) || PUNCTUATION.test(after));
        const isUnderscore = character === "_";
        this.flush();
        this.pieces.push({
            run: character, length, original: length,
            opens: leftFlanking && (!isUnderscore || !rightFlanking || PUNCTUATION.test(before)),
            closes: rightFlanking && (!isUnderscore || !leftFlanking || PUNCTUATION.test(after)),
        });
        this.at = end;
    }

    open(length) {
        this.flush();
        this.pieces.push({ text: this.text.slice(this.at, this.at + length) });
        this.brackets.push({ piece: this.pieces.length - 1, start: this.at + length });
        this.at += length;
    }

    close() {
        const bracket = this.brackets.pop();
        if (!bracket) return this.take("]", 1);
        const found = /^\]\(\s*(?:<([^<>\n]*)>|([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*))(?:\s+(?:"[^"\n]*"|'[^'\n]*'))?\s*\)/
            .exec(this.text.slice(this.at, this.at + 4096));
        const url = found ? webAddress(found[1] ?? found[2]) : null;
        // A link to anything but the web stays the text that it is.
        if (!url) return this.take("]", 1);
        this.flush();
        const label = emphasized(this.pieces.splice(bracket.piece).slice(1), false);
        // No link within a link.
        this.brackets = [];
        this.pieces.push({ node: link(url, label.length ? label : [url.href]) });
        this.at += found[0].length;
    }

    angle() {
        const found = /^<(https?:\/\/[^\s<>]*)>/i.exec(this.text.slice(this.at, this.at + 2048));
        const url = found ? webAddress(found[1]) : null;
        if (!url) return this.take("<", 1);
        this.put(link(url, [found[1]]), found[0].length);
    }

    bare(found) {
        // Punctuation after an address is the sentence's, and so is a bracket that it does not open.
        let address = found.replace(/[.,:;!?*_~\]]+$/, "");
        while (address.endsWith(")") && count(address, ")") > count(address, "(")) {
            address = address.slice(0, -1).replace(/[.,:;!?*_~\]]+$/, "");
        }
        const url = webAddress(address);
        if (!url || this.brackets.length) return this.take(address || found, (address || found).length);
        this.put(link(url, [address]), address.length);
    }
}

const count = (text, character) => text.split(character).length - 1;

/** The address if it leads to the web; null for scripts, files, mail and everything else. */
export function webAddress(text) {
    if (!/^https?:\/\//i.test(text)) return null;
    try {
        const url = new URL(text);
        return url.protocol === "https:" || url.protocol === "http:" ? url : null;
    } catch {
        return null;
    }
}

/** A link that shows where it leads, unless its text is that already. */
function link(url, label) {
    const anchor = element(
        "a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow", title: url.href }, label);
    const shown = anchor.textContent.replace(/^https?:\/\//i, "").toLowerCase();
    const isPlain = shown === url.host || shown.startsWith(`${url.host}/`);
    if (!isPlain) anchor.append(element("span", { class: "host" }, ` (${url.host})`));
    return anchor;
}

/** CommonMark's emphasis: runs that close look back for the nearest run that opens. */
function emphasized(pieces, isOpen) {
    if (isOpen) closeOpenBold(pieces);
    // Where it is useless to look again, by kind of closing run: keeps this linear for hostile texts.
    const floors = new Map();
    let at = 0;
    while (at < pieces.length) {
        const closer = pieces[at];
        if (!closer.run || !closer.closes || closer.length === 0) {
            at += 1;
            continue;
        }
        const kind = `${closer.run}${closer.opens}${closer.original % 3}`;
        const floor = floors.get(kind) ?? 0;
        let opener = at - 1;
        while (opener >= floor && !matches(pieces[opener], closer)) opener -= 1;
        if (opener < floor) {
            floors.set(kind, at);
            at += 1;
            continue;
        }
        const start = pieces[opener];
        const width = start.length >= 2 && closer.length >= 2 ? 2 : 1;
        const inner = pieces.slice(opener + 1, at);
        const depth = 1 + inner.reduce((most, piece) => Math.max(most, piece.depth ?? 0), 0);
        if (depth > MOST_NESTING) {
            at += 1;
            continue;
        }
        const name = closer.run === "~" ? "del" : width === 2 ? "strong" : "em";
        const node = element(name, {}, nodesOf(inner));
        start.length -= width;
        closer.length -= width;
        const kept = start.length > 0 ? 1 : 0;
        pieces.splice(opener + kept, at - opener - kept, { node, depth });
        at = opener + kept + 1;
        for (const [key, value] of floors) floors.set(key, Math.min(value, opener));
        if (closer.length === 0) {
            pieces.splice(at, 1);
        }
    }
    return nodesOf(pieces);
}

function matches(opener, closer) {
    if (opener.run !== closer.run || !opener.opens || opener.length === 0) return false;
    if (opener.run === "~") return true;
    const isBoth = opener.closes || closer.opens;
    return !isBoth || (opener.original + closer.original) % 3 !== 0 || opener.original % 3 === 0;
}

/** While a text is being written: the last bold that was begun ends where the text ends for now. */
function closeOpenBold(pieces) {
    let opener = null;
    for (const piece of pieces) {
        if (piece.run !== "*" || piece.original !== 2) continue;
        if (opener && piece.closes) opener = null;
        else if (piece.opens) opener = piece;
    }
    if (opener && opener !== pieces.at(-1)) {
        pieces.push({ run: "*", length: 2, original: 2, opens: false, closes: true });
    }
}

/** Nodes and texts, neighbouring texts joined. */
function nodesOf(pieces) {
    const nodes = [];
    let text = "";
    for (const piece of pieces) {
        if (!piece.node) {
            text += piece.text ?? piece.run.repeat(piece.length);
            continue;
        }
        if (text) nodes.push(text);
        text = "";
        nodes.push(piece.node);
    }
    if (text) nodes.push(text);
    return nodes;
}
