// Markdown blocks, and a view of a text that grows: only its last block is made again.

import { copyButton, element } from "./dom.js";
import { highlight } from "./highlight.js";
import { inlineNodes } from "./inline.js";

const DEEPEST = 8;
const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;
const HEADING = /^ {0,3}(#{1,6})(?=\s|$)/;
const RULE = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( *)([-*+]|\d{1,9}[.)])(?: +(?=\S)|\s*$)/;
const DELIMITER = /^:?-+:?$/;

/** Shows a growing text in `root`. Blocks that are complete stay the same elements, selections in them too. */
export class MarkdownView {
    #root;
    #text = "";
    /** Where the last block starts; what comes before it cannot change any more. */
    #offset = 0;
    #settled = 0;
    #isOpen = false;

    constructor(root) {
        this.#root = root;
    }

    /** Shows `text`; `isOpen` while more is to come. Returns the text of blocks that are complete now and were not. */
    update(text, isOpen) {
        if (text === this.#text && isOpen === this.#isOpen && this.#root.childElementCount) return "";
        if (!text.startsWith(this.#text)) {
            this.#root.replaceChildren();
            this.#offset = 0;
            this.#settled = 0;
        }
        this.#text = text;
        this.#isOpen = isOpen;
        const lines = text.slice(this.#offset).split("\n");
        const blocks = parse(lines, 0);
        const last = lastChanging(blocks, lines);
        let spoken = "";
        blocks.forEach((block, index) => {
            const isLast = index >= last;
            const place = this.#settled + index;
            const old = this.#root.children[place];
            const node = reuse(old, block) ?? render(block, isOpen && isLast);
            if (node !== old) {
                if (old) old.replaceWith(node);
                else this.#root.append(node);
            }
            if (!isLast || !isOpen) spoken += `${spokenText(block, node)}\n`;
        });
        while (this.#root.childElementCount > this.#settled + blocks.length) this.#root.lastElementChild.remove();
        if (blocks.length) {
            for (const line of lines.slice(0, blocks[last].start)) this.#offset += line.length + 1;
            this.#settled += last;
        }
        return spoken.trim();
    }
}

/** The number of the first block that text to come can change: the last one, but a lone number may yet go on a list. */
function lastChanging(blocks, lines) {
    const last = blocks.length - 1;
    const mayBeItem = blocks[last - 1]?.kind === "list" && /^ *\d{1,9}$/.test(lines.at(-1)) && blocks[last].start === lines.length - 1;
    return mayBeItem ? last - 1 : Math.max(last, 0);
}

function spokenText(block, node) {
    return block.kind === "code" ? `Code: ${block.text}` : node.textContent;
}

/** Code that goes on keeps its element, its scroll position and its button; its colours come when it is complete. */
function reuse(node, block) {
    if (block.kind !== "code" || !node?.classList.contains("code") || node.dataset.language !== block.language) return null;
    const code = node.querySelector("code");
    const shown = code.textContent;
    if (!block.text.startsWith(shown) || (node.dataset.closed && shown !== block.text)) return null;
    if (block.isClosed && !node.dataset.closed) {
        code.replaceChildren(...highlight(block.text, block.language));
        node.dataset.closed = "true";
    } else if (block.text.length > shown.length) {
        code.append(block.text.slice(shown.length));
    }
    return node;
}

// Blocks out of lines

/** [{ kind, start, … }] of `lines`; `start` is the number of a block's first line. */
export function parse(lines, depth) {
    const blocks = [];
    let at = 0;
    while (at < lines.length) {
        if (!lines[at].trim()) {
            at += 1;
            continue;
        }
        const block = readCode(lines, at) ?? readSingle(lines, at) ?? readQuote(lines, at, depth)
            ?? readList(lines, at, depth) ?? readTable(lines, at) ?? readParagraph(lines, at);
        block.start = at;
        blocks.push(block);
        at = block.end;
    }
    return blocks;
}

function readCode(lines, at) {
    const opening = FENCE.exec(lines[at]);
    if (!opening) return null;
    const [, fence, info] = opening;
    const indent = indentOf(lines[at]);
    const closing = new RegExp(`^ {0,3}\\${fence[0]}{${fence.length},}\\s*$`);
    let end = at + 1;
    while (end < lines.length && !closing.test(lines[end])) end += 1;
    const text = lines.slice(at + 1, end).map((line) => line.slice(Math.min(indent, indentOf(line)))).join("\n");
    const isClosed = end < lines.length;
    return { kind: "code", text, language: info.trim().split(/[\s{,:]/)[0].slice(0, 24), isClosed, end: isClosed ? end + 1 : end };
}

function readSingle(lines, at) {
    const heading = HEADING.exec(lines[at]);
    if (heading) return { kind: "heading", level: heading[1].length, text: headingText(lines[at].slice(heading[0].length)), end: at + 1 };
    return RULE.test(lines[at]) ? { kind: "rule", end: at + 1 } : null;
}

/** What a heading says, without the marks that may close it. */
function headingText(rest) {
    const text = rest.trim();
    let end = text.length;
    while (end > 0 && text[end - 1] === "#") end -= 1;
    return end === 0 || /\s/.test(text[end - 1]) ? text.slice(0, end).trimEnd() : text;
}

function readQuote(lines, at, depth) {
    if (!QUOTE.test(lines[at]) || depth >= DEEPEST) return null;
    let end = at;
    while (end < lines.length && QUOTE.test(lines[end])) end += 1;
    return { kind: "quote", blocks: parse(lines.slice(at, end).map((line) => line.replace(QUOTE, "")), depth + 1), end };
}

function readList(lines, at, depth) {
    const first = ITEM.exec(lines[at]);
    if (!first || depth >= DEEPEST) return null;
    const isOrdered = /\d/.test(first[2]);
    const mark = first[2].at(-1);
    const list = { kind: "list", isOrdered, number: isOrdered ? Number.parseInt(first[2], 10) : 1, isLoose: false, items: [] };
    let end = at;
    while (end < lines.length) {
        const marker = ITEM.exec(lines[end]);
        if (!marker || marker[2].at(-1) !== mark || RULE.test(lines[end])) break;
        const item = readItem(lines, end, marker, depth);
        list.items.push(item);
        // Blank lines loosen a list where something of it follows them.
        let next = item.end;
        while (next < lines.length && !lines[next].trim()) next += 1;
        const following = ITEM.exec(lines[next] ?? "");
        if (item.end > end && next > item.end && following?.[2].at(-1) === mark) list.isLoose = true;
        list.isLoose ||= item.hasGap;
        end = following?.[2].at(-1) === mark ? next : item.end;
    }
    list.end = end;
    return list;
}

function readItem(lines, at, marker, depth) {
    const indent = marker[1].length;
    const width = Math.min(marker[0].length, indent + marker[2].length + 4);
    const content = [lines[at].slice(width)];
    let end = at + 1;
    let hasGap = false;
    for (let next = end; next < lines.length; next += 1) {
        const line = lines[next];
        if (!line.trim()) continue;
        const isInside = indentOf(line) >= indent + 2;
        // A line that just goes on belongs to the paragraph before it.
        const goesOn = next === end && !startsBlock(line) && content.at(-1).trim() !== "";
        if (!isInside && !goesOn) break;
        if (isInside && next > end && !ITEM.test(line)) hasGap = true;
        while (end < next) {
            content.push("");
            end += 1;
        }
        content.push(line.slice(Math.min(indentOf(line), width)));
        end = next + 1;
    }
    const task = /^\[([ xX])\]\s+/.exec(content[0]);
    if (task) content[0] = content[0].slice(task[0].length);
    return { blocks: parse(content, depth + 1), isDone: task ? task[1] !== " " : null, hasGap, end };
}

function readTable(lines, at) {
    if (!lines[at].includes("|") || !isDelimiterRow(lines[at + 1] ?? "")) return null;
    const head = cells(lines[at]);
    const alignments = cells(lines[at + 1]).map((cell) => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "end") : "start"));
    if (head.length !== alignments.length) return null;
    let end = at + 2;
    const rows = [];
    while (end < lines.length && lines[end].trim() && lines[end].includes("|")) {
        const row = cells(lines[end]).slice(0, head.length);
        while (row.length < head.length) row.push("");
        rows.push(row);
        end += 1;
    }
    return { kind: "table", head, rows, alignments, end };
}

/** The cells of a row; `\|` is a bar in a cell. */
function cells(line) {
    const found = [""];
    const text = line.trim().replace(/^\|/, "");
    for (let at = 0; at < text.length; at += 1) {
        if (text[at] === "\\" && text[at + 1] === "|") {
            found[found.length - 1] += "|";
            at += 1;
        } else if (text[at] === "|") {
            found.push("");
        } else {
            found[found.length - 1] += text[at];
        }
    }
    if (found.length > 1 && !found.at(-1).trim()) found.pop();
    return found.map((cell) => cell.trim());
}

function readParagraph(lines, at) {
    let end = at + 1;
    while (end < lines.length && lines[end].trim() && !startsBlock(lines[end])) {
        if (lines[end].includes("|") && isDelimiterRow(lines[end + 1] ?? "")) break;
        end += 1;
    }
    return { kind: "paragraph", text: lines.slice(at, end).map((line) => line.trimStart()).join("\n").trimEnd(), end };
}

function startsBlock(line) {
    return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || /^ *([-*+]|\d{1,9}[.)]) +\S/.test(line);
}

/** Whether a line parts a table's head from its rows. */
const isDelimiterRow = (line) => indentOf(line) < 4 && cells(line).every((cell) => DELIMITER.test(cell));

const indentOf = (line) => /^ */.exec(line)[0].length;

// Elements out of blocks

function render(block, isOpen) {
    switch (block.kind) {
        case "code": return codeBlock(block);
        case "heading":
            // The page has an h1 and each message an h2.
            return element(`h${Math.min(block.level + 2, 6)}`, { class: `level-${block.level}` }, inlineNodes(block.text, isOpen));
        case "rule": return element("hr");
        case "quote": return element("blockquote", {}, renderAll(block.blocks, isOpen));
        case "list": return listBlock(block, isOpen);
        case "table": return tableBlock(block);
        default: return element("p", {}, inlineNodes(block.text, isOpen));
    }
}

function renderAll(blocks, isOpen) {
    return blocks.map((block, index) => render(block, isOpen && index === blocks.length - 1));
}

function listBlock({ isOrdered, number, isLoose, items }, isOpen) {
    const list = element(isOrdered ? "ol" : "ul", { start: isOrdered && number !== 1 ? number : null });
    items.forEach((item, index) => {
        const isOpenItem = isOpen && index === items.length - 1;
        const entry = element("li", { class: item.isDone === null ? null : "task" });
        if (item.isDone !== null) {
            entry.append(element("input", { type: "checkbox", disabled: true, checked: item.isDone, "aria-label": item.isDone ? "done" : "to do" }));
        }
        item.blocks.forEach((block, place) => {
            const isOpenBlock = isOpenItem && place === item.blocks.length - 1;
            if (block.kind === "paragraph" && !isLoose) for (const node of inlineNodes(block.text, isOpenBlock)) entry.append(node);
            else entry.append(render(block, isOpenBlock));
        });
        list.append(entry);
    });
    return list;
}

function tableBlock({ head, rows, alignments }) {
    const row = (name, texts) => element("tr", {}, texts.map((text, index) => (
        element(name, { class: `align-${alignments[index]}`, scope: name === "th" ? "col" : null }, inlineNodes(text))
    )));
    const table = element("table", {}, element("thead", {}, row("th", head)), element("tbody", {}, rows.map((texts) => row("td", texts))));
    return element("div", { class: "table", tabindex: "0", role: "group", "aria-label": "Table" }, table);
}

function codeBlock({ text, language, isClosed }) {
    const code = element("code");
    for (const node of isClosed ? highlight(text, language) : [text]) code.append(node);
    return element(
        "figure", { class: "code", data: isClosed ? { language, closed: "true" } : { language } },
        element("figcaption", {}, element("span", {}, language || "text"), copyButton("Copy code", () => code.textContent)),
        element("pre", { tabindex: "0", "aria-label": language ? `${language} code` : "code" }, code));
}
