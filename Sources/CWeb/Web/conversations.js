// A conversation: messages that know what they answer, so that an edit or another answer adds a branch and loses nothing.
//
// { id, title, isNamed, created, updated, model, system, leaf, messages: [{ id, parent, role, text, time, … }] }
// `parent` is null for a first message; `leaf` is the last message of the branch that is shown.
// An answer also has: model, finish ("stop", "length", "content_filter", "stopped", "lost", "failed"; null while it is
// written), problem (one line, when it failed), usage { prompt, cached, completion, rate, wait }.

import { newID } from "./dom.js";

const ROLES = new Set(["user", "assistant"]);
const FINISHES = new Set(["stop", "length", "content_filter", "stopped", "lost", "failed"]);
const LONGEST_TITLE = 60;

export function newConversation(model, system) {
    const now = Date.now();
    return {
        id: newID(), title: "New chat", isNamed: false, created: now, updated: now, model, system, leaf: null,
        messages: [],
    };
}

export function find(conversation, id) {
    return conversation.messages.find((message) => message.id === id);
}

/** The messages of the branch that is shown, first to last. */
export function branch(conversation, leaf = conversation.leaf) {
    const byID = new Map(conversation.messages.map((message) => [message.id, message]));
    const path = [];
    for (let message = byID.get(leaf); message; message = byID.get(message.parent)) path.push(message);
    return path.reverse();
}

/** The messages that answer the same one, `message` among them. */
export function siblings(conversation, message) {
    return conversation.messages.filter((other) => other.parent === message.parent && other.role === message.role);
}

/** Adds a message after `parent` (null for a first one) and shows its branch. */
export function append(conversation, parent, role, text, more = {}) {
    const message = { id: newID(), parent, role, text, time: Date.now(), ...more };
    conversation.messages.push(message);
    conversation.leaf = message.id;
    if (role === "user") entitle(conversation);
    return message;
}

/** Shows the branch through `message`, to the end that was written last. */
export function select(conversation, message) {
    let leaf = message;
    for (;;) {
        const next = conversation.messages.findLast((other) => other.parent === leaf.id);
        if (!next) break;
        leaf = next;
    }
    conversation.leaf = leaf.id;
}

/**
 * Takes over what another tab has written since: messages are only ever added, so none is lost. `isOurs(id)` says that a
 * message is being written in this tab.
 */
export function merge(conversation, stored, isOurs) {
    const byID = new Map(conversation.messages.map((message) => [message.id, message]));
    for (const other of stored?.messages ?? []) {
        const own = byID.get(other.id);
        if (!own) conversation.messages.push(other);
        else if (!isOurs(own.id) && other.text.length > own.text.length) Object.assign(own, other);
    }
}

function entitle(conversation) {
    const first = branch(conversation).find((message) => message.role === "user");
    if (!conversation.isNamed && first) conversation.title = titleFor(first.text);
}

/** A title from the first words. */
export function titleFor(text) {
    const words = text.replace(/```[^\n]*/g, " ").replace(/[#*_`>|]+/g, " ").trim().split(/\s+/);
    let title = "";
    for (const word of words) {
        if (title && title.length + word.length >= LONGEST_TITLE) return `${title}…`;
        title += (title ? " " : "") + word;
    }
    return title.length > LONGEST_TITLE ? `${[...title].slice(0, LONGEST_TITLE).join("")}…` : title || "New chat";
}

/** What the list of conversations needs. */
export function summaryOf({ id, title, created, updated }) {
    return { id, title, created, updated };
}

/**
 * What a request to the model contains of the branch that ends with `leaf`. Answers that never came are left out, and the
 * questions around them become one: many chat formats want the roles to take turns.
 */
export function promptFor(conversation, leaf) {
    const messages = conversation.system.trim() ? [{ role: "system", content: conversation.system }] : [];
    for (const { role, text } of branch(conversation, leaf)) {
        if (!text) continue;
        const last = messages.at(-1);
        if (last?.role === role) last.content += `\n\n${text}`;
        else messages.push({ role, content: text });
    }
    return messages;
}

/**
 * A conversation out of a file, or of an older page's storage: every part is checked, and what is unknown is left out.
 * Throws an Error that says what is wrong.
 */
export function readConversation(value) {
    if (typeof value !== "object" || value === null || !Array.isArray(value.messages)) {
        throw new Error("it has no list of messages");
    }
    const time = (number) => (Number.isFinite(number) && number > 0 ? number : Date.now());
    const string = (text, otherwise = "") => (typeof text === "string" ? text : otherwise);
    const conversation = newConversation(string(value.model), string(value.system));
    // Names are made anew: those of a file can clash with each other or mean something to the browser.
    const names = new Map([[null, null], [undefined, null]]);
    const hasParents = value.messages.some((message) => message && typeof message.parent === "string");
    let before = null;
    for (const [index, one] of value.messages.entries()) {
        const text = string(one?.text, string(one?.content, null));
        if (one?.role === "system" && text !== null) {
            conversation.system ||= text;
            continue;
        }
        if (!ROLES.has(one?.role) || text === null) throw new Error(`message ${index + 1} has no role or text`);
        // A parent comes before its answers, so there are no circles.
        if (hasParents && !names.has(one.parent ?? null)) throw new Error(`message ${index + 1} answers none before it`);
        const parent = hasParents ? names.get(one.parent ?? null) : before;
        const message = { id: newID(), parent, role: one.role, text, time: time(one.time) };
        if (one.role === "assistant") {
            message.model = string(one.model);
            message.finish = FINISHES.has(one.finish) ? one.finish : "stop";
            if (typeof one.problem === "string") message.problem = one.problem;
            message.usage = readUsage(one.usage);
        }
        conversation.messages.push(message);
        if (typeof one.id === "string") names.set(one.id, message.id);
        before = message.id;
    }
    conversation.leaf = names.get(value.leaf ?? "") ?? before;
    conversation.created = time(value.created);
    conversation.updated = time(value.updated);
    conversation.isNamed = value.isNamed === true || typeof value.title === "string";
    entitle(conversation);
    if (typeof value.title === "string") conversation.title = [...value.title].slice(0, 200).join("");
    return conversation;
}

function readUsage(usage) {
    if (typeof usage !== "object" || usage === null) return null;
    const names = ["prompt", "cached", "completion", "rate", "wait"];
    return Object.fromEntries(names.filter((name) => Number.isFinite(usage[name])).map((name) => [name, usage[name]]));
}
