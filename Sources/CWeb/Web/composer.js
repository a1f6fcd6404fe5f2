// Where messages are written.

import { byID, isApple } from "./dom.js";
import { isTouch } from "./message.js";

const numbers = new Intl.NumberFormat("en");

export class Composer {
    #chat;
    #field = byID("message");
    #send = byID("send");
    #stop = byID("stop");
    /** What was begun in each conversation and not sent. */
    #drafts = new Map();
    #conversation = null;

    /** Calls `sent` before a message goes out and `editLast` when an empty field gets an arrow up. */
    constructor(chat, { sent, editLast }) {
        this.#chat = chat;
        this.#send.addEventListener("click", () => this.#submit(sent));
        this.#stop.addEventListener("click", () => {
            chat.stop();
            this.#field.focus();
        });
        this.#field.addEventListener("input", () => this.#changed());
        this.#field.addEventListener("keydown", (event) => {
            // Enter also ends the writing of a character with several keys.
            if (event.isComposing || event.keyCode === 229) return;
            if (event.key === "Enter" && !event.shiftKey && !event.altKey && (!isTouch() || event.ctrlKey || event.metaKey)) {
                event.preventDefault();
                this.#submit(sent);
            } else if (event.key === "ArrowUp" && !this.#field.value && !event.shiftKey) {
                if (editLast()) event.preventDefault();
            }
        });
        this.#field.setAttribute("enterkeyhint", isTouch() ? "enter" : "send");
        byID("hint").textContent = isTouch() ? "" : `Enter sends · Shift Enter for a new line · ${isApple ? "⌘" : "Ctrl "}K finds`;
    }

    #submit(sent) {
        const text = this.#field.value.trim();
        if (!text || this.#chat.isRunning()) return;
        this.set("");
        sent();
        this.#chat.send(text);
        this.#field.focus();
    }

    set(text) {
        this.#field.value = text;
        this.#changed();
    }

    focus() {
        this.#field.focus({ preventScroll: true });
    }

    #changed() {
        this.#field.style.height = "auto";
        // One pixel more than needed would show a scroll bar, so the limit is the style sheet's.
        this.#field.style.height = `${this.#field.scrollHeight}px`;
        this.update();
    }

    update() {
        const { current } = this.#chat;
        const isRunning = this.#chat.isRunning();
        if (this.#conversation !== current.id) {
            if (this.#conversation) this.#drafts.set(this.#conversation, this.#field.value);
            this.#conversation = current.id;
            this.set(this.#drafts.get(current.id) ?? "");
        }
        const hadFocus = [this.#send, this.#stop].includes(document.activeElement);
        this.#send.hidden = isRunning;
        this.#stop.hidden = !isRunning;
        this.#send.disabled = !this.#field.value.trim();
        if (hadFocus && document.activeElement !== this.#send && document.activeElement !== this.#stop) this.focus();
        this.#showContext();
    }

    /** How much of the model's memory the conversation takes. */
    #showContext() {
        const usage = this.#chat.messages.findLast((message) => message.usage?.prompt !== undefined)?.usage;
        const limit = this.#chat.models.find((model) => model.id === this.#chat.model)?.context;
        const used = usage ? usage.prompt + (usage.completion ?? 0) : 0;
        const node = byID("context");
        node.textContent = used ? `${numbers.format(used)}${limit ? ` of ${numbers.format(limit)}` : ""} tokens of context` : "";
        node.classList.toggle("full", Boolean(limit) && used > limit * 0.9);
    }
}
