// One message: who, the text, what became of it, and what can be done with it.

import { progressOf } from "./answers.js";
import { announce, copyButton, element, icon, iconButton } from "./dom.js";
import { MarkdownView } from "./markdown.js";

const NOTES = {
    length: "The answer is as long as it was allowed to be.",
    content_filter: "The answer was withheld by this server’s rules.",
    stopped: "Stopped.",
    lost: "The answer broke off.",
    failed: "There was no answer.",
};
const numbers = new Intl.NumberFormat("en");
const rates = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export class MessageView {
    root;
    message;
    isEditing = false;
    #chat;
    #text;
    #note;
    #actions;
    #markdown = null;
    #state = "";

    constructor(message, chat) {
        this.message = message;
        this.#chat = chat;
        this.#text = element("div", { class: "text" });
        this.#note = element("div", { class: "note", hidden: true });
        this.#actions = element("div", { class: "actions" });
        if (message.role === "assistant") this.#markdown = new MarkdownView(this.#text);
        const who = message.role === "user" ? "You" : shortName(message.model).replace(/[.-](I?Q\d\w*|B?F16|F32)$/i, "");
        this.root = element(
            "article", { class: "message", data: { role: message.role, id: message.id } },
            element("h2", { class: "who", title: message.model || null }, element("span", {}, who)),
            element("div", { class: "content" }, this.#text, this.#note, this.#actions));
    }

    /** Brings the element in line with the message. */
    update(message, { isLast, versions, isWriting }) {
        this.message = message;
        this.root.classList.toggle("last", isLast);
        if (this.isEditing) return;
        const wasWriting = this.root.hasAttribute("data-writing");
        const spoken = this.updateText(message, isWriting);
        if (wasWriting && !isWriting) {
            announce(spoken);
            announce([noteFor(message), statistics(message.usage)].filter(Boolean).join(" ") || "Done.");
        }
        // Buttons stay the same elements, and keep the focus, as long as nothing about them changes.
        const state = JSON.stringify([isLast, versions.map((one) => one.id), isWriting, message.finish, message.usage]);
        if (state === this.#state) return;
        this.#state = state;
        const focused = this.#actions.contains(document.activeElement) ? document.activeElement.dataset.action : null;
        this.#actions.replaceChildren(...this.#buttons(versions, isLast, isWriting));
        if (focused) this.#actions.querySelector(`[data-action="${focused}"]`)?.focus();
    }

    /** Shows the text as far as it has come; returns what of it is complete since the last time. */
    updateText(message, isWriting) {
        if (this.isEditing) return "";
        this.root.toggleAttribute("data-writing", isWriting);
        this.root.toggleAttribute("data-waiting", isWriting && !message.text);
        let spoken = "";
        if (this.#markdown) spoken = this.#markdown.update(message.text, isWriting);
        else if (this.#text.textContent !== message.text) this.#text.textContent = message.text;
        this.#showNote(message, isWriting);
        return spoken;
    }

    #showNote(message, isWriting) {
        const text = isWriting ? this.#progress() : noteFor(message);
        this.#note.hidden = !text;
        const isTrouble = !isWriting && ["failed", "lost", "content_filter"].includes(message.finish);
        this.#note.className = `note${isTrouble ? " trouble" : ""}${isWriting ? " progress" : ""}`;
        if (this.#note.dataset.text === text) return;
        this.#note.dataset.text = text;
        this.#note.replaceChildren(...(isTrouble ? [icon("warning")] : []), element("span", {}, text));
    }

    #progress() {
        const live = progressOf.get(this.message);
        if (!live) return "";
        if (live.waiting) return live.waiting;
        const seconds = Math.floor((performance.now() - live.start) / 1000);
        if (live.first === null) {
            const isLoaded = this.#chat.isLoaded(this.message.model);
            return `${isLoaded ? "Reading" : "Loading the model"}${seconds < 1 ? "" : ` · ${seconds} s`}`;
        }
        const passed = (performance.now() - live.first) / 1000;
        return passed < 1 ? "Writing" : `Writing · about ${rates.format(live.pieces / passed)} tokens/s`;
    }

    #buttons(versions, isLast, isWriting) {
        // Handlers ask for the message when they run: another tab's version of it can take its place.
        const { message } = this;
        const chat = this.#chat;
        const act = (name) => ({ data: { action: name } });
        const buttons = [];
        if (isWriting) return buttons;
        if (message.role === "assistant") {
            const isUnfinished = ["length", "stopped", "lost", null].includes(message.finish) && message.text !== "";
            if (isUnfinished && isLast) buttons.push(textButton("on", "Continue", "continue", () => chat.goOn(this.message)));
            if (!message.text && isLast && message.finish !== "content_filter") {
                buttons.push(textButton("again", "Try again", "retry", () => chat.retry(this.message)));
            }
            if (message.text) buttons.push(copyButton("Copy answer", () => this.message.text, { data: { action: "copy" } }));
            if (message.text) buttons.push(iconButton("again", "Answer again", () => chat.again(this.message), act("again")));
            if (message.text) buttons.push(iconButton("edit", "Edit answer", () => this.edit(), act("edit")));
        } else {
            buttons.push(copyButton("Copy message", () => this.message.text, { data: { action: "copy" } }));
            buttons.push(iconButton("edit", "Edit message", () => this.edit(), act("edit")));
            if (isLast) buttons.push(textButton("again", "Answer", "answer", () => chat.answer(this.message)));
        }
        if (versions.length > 1) buttons.push(this.#pager(versions));
        const told = statistics(message.usage);
        if (told) buttons.push(element("span", { class: "statistics" }, told));
        return buttons;
    }

    #pager(versions) {
        const at = versions.findIndex((one) => one.id === this.message.id);
        const step = (name, label, place, action) => iconButton(name, label, () => {
            this.#chat.show(versions[place]);
            document.querySelector(`[data-id="${versions[place].id}"] [data-action="${action}"]`)?.focus();
        }, { disabled: !versions[place], data: { action } });
        return element(
            "span", { class: "pager", role: "group", "aria-label": "Versions" },
            step("left", "Previous version", at - 1, "previous"),
            element("span", { "aria-label": `Version ${at + 1} of ${versions.length}` }, `${at + 1} / ${versions.length}`),
            step("right", "Next version", at + 1, "next"));
    }

    /** Turns the text into a field. */
    edit() {
        if (this.isEditing || this.#chat.isRunning()) return;
        this.isEditing = true;
        const { message } = this;
        const isQuestion = message.role === "user";
        const field = element("textarea", { class: "editor", "aria-label": isQuestion ? "Edit message" : "Edit answer", rows: "1" });
        field.value = message.text;
        const grow = () => {
            field.style.height = "auto";
            field.style.height = `${field.scrollHeight + 2}px`;
        };
        const end = () => {
            this.isEditing = false;
            form.remove();
            this.root.classList.remove("editing");
        };
        const cancel = () => {
            end();
            this.#actions.querySelector('[data-action="edit"]')?.focus();
        };
        const save = () => {
            const text = field.value.trim();
            if (!text || text === message.text) return cancel();
            end();
            this.#chat.edit(message, text);
            document.getElementById("message").focus({ preventScroll: true });
        };
        const form = element(
            "div", { class: "edit" }, field,
            element(
                "div", { class: "choices" },
                element("span", { class: "tip" }, isQuestion ? "The old version is kept beside the new one." : "Kept beside the model’s version."),
                element("button", { type: "button", onclick: cancel }, "Cancel"),
                element("button", { type: "button", class: "primary", onclick: save }, isQuestion ? "Send" : "Save")));
        field.addEventListener("input", grow);
        field.addEventListener("keydown", (event) => {
            if (event.key === "Escape") {
                event.stopPropagation();
                cancel();
            } else if (event.key === "Enter" && !event.isComposing && (event.ctrlKey || event.metaKey || (isQuestion && !event.shiftKey && !isTouch()))) {
                event.preventDefault();
                save();
            }
        });
        this.root.classList.add("editing");
        this.#text.before(form);
        grow();
        field.focus();
        field.setSelectionRange(field.value.length, field.value.length);
    }
}

/** Whether there is no mouse: Enter starts a new line then, as on-screen keyboards promise. */
export const isTouch = () => matchMedia("(hover: none) and (pointer: coarse)").matches;

function textButton(name, label, action, onclick) {
    return element("button", { type: "button", class: "do", onclick, data: { action } }, icon(name), label);
}

/** A model's name without its folder and file ending. */
export function shortName(model) {
    return model?.split("/").at(-1).replace(/\.gguf$/i, "") || "Kite";
}

function noteFor(message) {
    if (message.role === "user" || message.isEdited) return message.isEdited ? "Edited." : "";
    if (message.finish === null) return NOTES.lost;
    const note = NOTES[message.finish] ?? "";
    return message.problem || note;
}

/** "132 tokens · 12.4 tokens/s · 480 of 512 from cache" */
function statistics(usage) {
    if (!usage) return "";
    const parts = [];
    if (usage.completion !== undefined) parts.push(`${numbers.format(usage.completion)} tokens`);
    if (usage.rate !== undefined) parts.push(`${rates.format(usage.rate)} tokens/s`);
    if (usage.prompt !== undefined) {
        const cached = usage.cached ? `, ${numbers.format(usage.cached)} cached` : "";
        parts.push(`prompt ${numbers.format(usage.prompt)}${cached}`);
    }
    if (usage.wait !== undefined && usage.wait >= 1) parts.push(`first after ${rates.format(usage.wait)} s`);
    return parts.join(" · ");
}
