// What the page does, without how it looks: the conversations, the one that is shown, and answers being written.

import { writeAnswer } from "./answers.js";
import { isThere, listModels } from "./api.js";
import { append, branch, find, newConversation, select } from "./conversations.js";
import { apiKey, preferences, savePreferences } from "./preferences.js";
import { Store, exportText } from "./store.js";

const SAVE_INTERVAL = 2000;
const RECONNECT_SECONDS = [1, 2, 4, 8, 15];

/** Tells what happens as events: list, current, thread, message, models, storage, connection, key. */
export class Chat extends EventTarget {
    models = [];
    /** The conversation that is shown. A new one is stored with its first message. */
    current = newConversation("", preferences.system);
    store = new Store((id) => this.#changedElsewhere(id));
    /** Answers being written: message id to { conversation, message, abort }. */
    #running = new Map();
    /** Conversations that could not be stored; they live on here. */
    #unsaved = new Map();
    /** Writes that have begun: { conversation } each, for one can be written twice at a time. */
    #saving = new Set();
    #removed = new Set();
    #savedAt = 0;
    #isReconnecting = false;

    #tell(type, detail = null) {
        this.dispatchEvent(new CustomEvent(type, { detail }));
    }

    async start(id) {
        await this.store.open();
        if (id) await this.open(id);
        this.#tell("list");
        if (!this.store.isLasting) this.#tell("storage", "forbidden");
        await this.loadModels();
    }

    // Models

    async loadModels() {
        try {
            this.models = await listModels();
            this.#tell("connection", null);
        } catch (problem) {
            this.models = [];
            this.#report(problem, () => this.loadModels());
        }
        this.#tell("models");
    }

    /** The model that answers next: the conversation's own, the last one picked, or the first. */
    get model() {
        const has = (id) => this.models.some((model) => model.id === id);
        return [this.current.model, preferences.model].find(has) ?? this.models[0]?.id ?? "";
    }

    /** Whether a model can answer without being loaded first, as far as is known. */
    isLoaded(id) {
        return this.models.find((model) => model.id === id)?.isLoaded ?? true;
    }

    pickModel(id) {
        this.current.model = id;
        preferences.model = id;
        savePreferences();
        this.#tell("models");
        if (this.current.messages.length) this.save(this.current);
    }

    // Which conversation

    startNew() {
        this.current = newConversation(preferences.model, preferences.system);
        this.#tell("current");
    }

    /** Shows a conversation; false when there is none of this name. */
    async open(id) {
        const found = await this.#find(id);
        if (!found) return false;
        this.current = found;
        this.#tell("current");
        return true;
    }

    /** The newest version of a conversation, wherever it lives. */
    async #find(id) {
        if (id === this.current.id) return this.current;
        const running = [...this.#running.values()].find(({ conversation }) => conversation.id === id);
        return this.#unsaved.get(id) ?? running?.conversation ?? this.store.load(id);
    }

    async rename(id, title) {
        const conversation = await this.#find(id);
        if (!conversation || !title.trim()) return;
        conversation.title = title.trim().slice(0, 200);
        conversation.isNamed = true;
        await this.save(conversation);
        if (id === this.current.id) this.#tell("title");
    }

    /** Removes a conversation and returns it, so that it can be put back. */
    async remove(id) {
        const conversation = await this.#find(id);
        for (const { conversation: { id: other }, abort } of this.#running.values()) if (other === id) abort.abort();
        this.#unsaved.delete(id);
        this.#removed.add(id);
        await this.store.remove(id);
        if (id === this.current.id) this.startNew();
        this.#tell("list");
        this.retryStorage();
        return conversation;
    }

    async putBack(conversation) {
        this.#removed.delete(conversation.id);
        await this.#write(conversation);
        await this.open(conversation.id);
    }

    async save(conversation) {
        if (this.#removed.has(conversation.id)) return;
        conversation.updated = Date.now();
        this.#savedAt = performance.now();
        await this.#write(conversation);
    }

    async #write(conversation) {
        const saving = { conversation };
        this.#saving.add(saving);
        try {
            await this.store.save(conversation, (id) => this.#running.has(id));
            const wasUnsaved = this.#unsaved.delete(conversation.id);
            if (wasUnsaved && this.#unsaved.size === 0) this.#tell("storage", null);
        } catch (error) {
            this.#unsaved.set(conversation.id, conversation);
            this.#tell("storage", error?.name === "QuotaExceededError" ? "full" : "failed");
        } finally {
            this.#saving.delete(saving);
        }
        this.#tell("list");
    }

    /** Adds conversations out of a file; how many. The last one is shown. */
    async import(conversations) {
        for (const conversation of conversations) {
            await this.#write(conversation);
            if (this.#unsaved.has(conversation.id)) break;
        }
        if (conversations.length) await this.open(conversations.at(-1).id);
        return conversations.length;
    }

    /** The text of a file with all conversations, or those of `ids`; those that could not be stored are in it, too. */
    async export(ids = null) {
        const all = new Map(this.unsaved.map((conversation) => [conversation.id, conversation]));
        await this.store.each((conversation) => {
            if (!all.has(conversation.id)) all.set(conversation.id, conversation);
        }).catch(() => {});
        return exportText([...all.values()].filter(({ id }) => !ids || ids.has(id)));
    }

    /** Conversations that are in this tab only. */
    get unsaved() {
        return [...this.#unsaved.values()];
    }

    async retryStorage() {
        for (const conversation of this.unsaved) await this.#write(conversation);
    }

    async #changedElsewhere(id) {
        this.#tell("list");
        if (id !== this.current.id || this.isRunning()) return;
        const stored = await this.store.load(id);
        if (!stored || this.current.id !== id || this.isRunning()) return;
        // The other tab shows its own branch.
        const leaf = find(stored, this.current.leaf) ? this.current.leaf : stored.leaf;
        this.current = stored;
        if (leaf !== stored.leaf) select(stored, find(stored, leaf));
        this.#tell("thread");
    }

    // Messages

    get messages() {
        return branch(this.current);
    }

    isWriting(message) {
        return this.#running.has(message.id);
    }

    /** Whether an answer is being written in a conversation. */
    isRunning(id = this.current.id) {
        return [...this.#running.values()].some(({ conversation }) => conversation.id === id);
    }

    send(text) {
        if (this.isRunning()) return;
        const message = append(this.current, this.messages.at(-1)?.id ?? null, "user", text);
        this.answer(message);
    }

    /** Asks for an answer to a message of the person, beside those that it has. */
    answer(question) {
        if (this.isRunning()) return;
        const message = append(this.current, question.id, "assistant", "", { model: this.model, finish: null, usage: null });
        this.#complete(message);
    }

    again(message) {
        this.answer(find(this.current, message.parent));
    }

    /** Asks once more for an answer of which nothing came. */
    retry(message) {
        message.model = this.model;
        this.#complete(message);
    }

    /** Goes on with an answer where it ends. */
    goOn(message) {
        this.#complete(message);
    }

    /** Another version of a message; the old one stays on its own branch. A question is answered again. */
    edit(message, text) {
        if (this.isRunning() || text === message.text) return;
        if (message.role === "user") {
            this.answer(append(this.current, message.parent, "user", text));
            return;
        }
        append(this.current, message.parent, "assistant", text, { model: message.model, finish: "stopped", usage: null, isEdited: true });
        this.#tell("thread");
        this.save(this.current);
    }

    show(message) {
        if (this.isRunning()) return;
        select(this.current, message);
        this.#tell("thread");
        this.save(this.current);
    }

    setSystem(text) {
        this.current.system = text;
        if (this.current.messages.length) this.save(this.current);
    }

    stop() {
        for (const { conversation, abort } of this.#running.values()) if (conversation === this.current) abort.abort();
    }

    async #complete(message) {
        const conversation = this.current;
        if (this.isRunning()) return;
        const abort = new AbortController();
        this.#running.set(message.id, { conversation, message, abort });
        this.#tell("thread");
        this.save(conversation);
        const problem = await writeAnswer(conversation, message, abort.signal, () => {
            this.#tell("message", message);
            if (performance.now() - this.#savedAt > SAVE_INTERVAL) this.save(conversation);
        });
        this.#running.delete(message.id);
        if (conversation === this.current) this.#tell("thread", message);
        else this.#tell("list");
        await this.save(conversation);
        // A model that was loaded for this tells more about itself now.
        if (!problem && !this.isLoaded(message.model)) this.loadModels();
        if (problem) this.#report(problem, () => conversation === this.current && this.retry(message));
    }

    // Trouble

    #report(problem, again) {
        if (problem.kind === "key") this.#tell("key", { hadKey: apiKey.value !== "", again });
        else if (problem.kind === "network" || problem.kind === "lost") this.#reconnect(problem);
        else if (this.models.length === 0) this.#tell("connection", problem.message);
    }

    async #reconnect(problem) {
        if (this.#isReconnecting) return;
        this.#isReconnecting = true;
        for (let attempt = 0; !await isThere(); attempt += 1) {
            this.#tell("connection", `${problem.kind === "lost" ? "The connection broke off." : problem.message} Trying again…`);
            const seconds = RECONNECT_SECONDS[Math.min(attempt, RECONNECT_SECONDS.length - 1)];
            await new Promise((resolve) => {
                setTimeout(resolve, seconds * 1000);
                addEventListener("online", resolve, { once: true });
            });
        }
        this.#isReconnecting = false;
        await this.loadModels();
    }

    /** Writes what is being answered or stored right now; called before the page goes away, which ends what was begun. */
    flush() {
        const unfinished = [...this.#running.values(), ...this.#saving].map(({ conversation }) => conversation);
        for (const conversation of new Set(unfinished)) {
            if (!this.#removed.has(conversation.id)) this.store.saveAtOnce(conversation);
        }
    }
}
