// The messages of the branch that is shown. Each keeps its element; while an answer is written, only that one changes,
// once per frame.

import { announce } from "./dom.js";
import { siblings } from "./conversations.js";
import { MessageView } from "./message.js";

export class Thread {
    #root;
    #chat;
    #views = new Map();
    #dirty = new Set();
    #frame = 0;
    #conversation = null;

    constructor(root, chat) {
        this.#root = root;
        this.#chat = chat;
        chat.addEventListener("message", ({ detail }) => this.#touch(detail));
        // The seconds while a prompt is read.
        setInterval(() => {
            for (const view of this.#views.values()) if (chat.isWriting(view.message)) this.#touch(view.message);
        }, 1000);
    }

    /** Brings the elements in line with the conversation. */
    show() {
        const { current } = this.#chat;
        if (this.#conversation !== current.id) {
            this.#root.replaceChildren();
            this.#views.clear();
            this.#conversation = current.id;
        }
        this.#root.classList.toggle("busy", this.#chat.isRunning());
        const messages = this.#chat.messages;
        const ids = new Set(messages.map((message) => message.id));
        for (const [id, view] of this.#views) {
            if (ids.has(id)) continue;
            view.root.remove();
            this.#views.delete(id);
        }
        let place = this.#root.firstElementChild;
        for (const message of messages) {
            let view = this.#views.get(message.id);
            if (!view) {
                view = new MessageView(message, this.#chat);
                this.#views.set(message.id, view);
            }
            if (view.root === place) place = place.nextElementSibling;
            else this.#root.insertBefore(view.root, place);
            this.#update(view, message, message === messages.at(-1));
        }
    }

    #update(view, message, isLast) {
        const versions = siblings(this.#chat.current, message);
        view.update(message, { isLast, versions, isWriting: this.#chat.isWriting(message) });
    }

    #touch(message) {
        if (!this.#views.has(message.id)) return;
        this.#dirty.add(message);
        this.#frame ||= requestAnimationFrame(() => {
            this.#frame = 0;
            for (const one of this.#dirty) {
                const spoken = this.#views.get(one.id)?.updateText(one, this.#chat.isWriting(one));
                if (spoken) announce(spoken);
            }
            this.#dirty.clear();
        });
    }

    /** The view of a message, to edit it. */
    view(message) {
        return this.#views.get(message.id);
    }

    get editing() {
        return [...this.#views.values()].find((view) => view.isEditing);
    }
}
