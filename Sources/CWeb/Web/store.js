// Conversations in this browser: IndexedDB, one record each, beside a small record for the list. Where the browser
// forbids that, they live in this tab only, and the page says so.

import { merge, readConversation, summaryOf } from "./conversations.js";

const NAME = "kite";
const STORES = ["conversations", "summaries"];

export class Store {
    #database = null;
    #memory = new Map();
    #channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("kite.conversations") : null;

    /** Calls `changed(id)` when another tab has written or removed a conversation. */
    constructor(changed) {
        if (this.#channel) this.#channel.onmessage = (event) => changed(event.data);
    }

    /** Whether conversations outlive this tab. */
    get isLasting() {
        return this.#database !== null;
    }

    async open() {
        try {
            const request = indexedDB.open(NAME, 1);
            request.onupgradeneeded = () => {
                for (const name of STORES) request.result.createObjectStore(name, { keyPath: "id" });
            };
            this.#database = await finished(request);
            // Lets a later version of the page in another tab change the layout.
            this.#database.onversionchange = () => this.#database.close();
        } catch {
            this.#database = null;
        }
    }

    /** { id, title, created, updated } of all, last changed first. */
    async summaries() {
        const all = this.#database
            ? await finished(this.#database.transaction("summaries").objectStore("summaries").getAll())
            : [...this.#memory.values()].map(summaryOf);
        return all.sort((a, b) => b.updated - a.updated);
    }

    /** The conversation, or undefined. */
    async load(id) {
        if (!this.#database) return structuredClone(this.#memory.get(id));
        return finished(this.#database.transaction("conversations").objectStore("conversations").get(id));
    }

    /**
     * Writes a conversation, with what other tabs have added to it; `isOurs(id)` says that this tab writes a message.
     * Rejects with a DOMException, QuotaExceededError when the browser has no room left.
     */
    async save(conversation, isOurs) {
        if (!this.#database) {
            this.#memory.set(conversation.id, structuredClone(conversation));
            return;
        }
        const transaction = this.#database.transaction(STORES, "readwrite");
        const store = transaction.objectStore("conversations");
        const done = committed(transaction);
        store.get(conversation.id).onsuccess = ({ target }) => {
            merge(conversation, target.result, isOurs);
            store.put(conversation);
            transaction.objectStore("summaries").put(summaryOf(conversation));
        };
        await done;
        this.#channel?.postMessage(conversation.id);
    }

    /** Writes without looking at what is there: the page is going away, and answers to questions would come too late. */
    saveAtOnce(conversation) {
        if (!this.#database) return;
        try {
            const transaction = this.#database.transaction(STORES, "readwrite");
            transaction.objectStore("conversations").put(conversation);
            transaction.objectStore("summaries").put(summaryOf(conversation));
            transaction.commit();
        } catch {
            // What was stored last has to do.
        }
    }

    async remove(id) {
        this.#memory.delete(id);
        if (!this.#database) return;
        const transaction = this.#database.transaction(STORES, "readwrite");
        for (const name of STORES) transaction.objectStore(name).delete(id);
        await committed(transaction);
        this.#channel?.postMessage(id);
    }

    /** Hands every conversation to `visit`, one at a time, until it returns false. */
    async each(visit) {
        if (!this.#database) {
            for (const conversation of this.#memory.values()) if (visit(conversation) === false) return;
            return;
        }
        const store = this.#database.transaction("conversations").objectStore("conversations");
        await new Promise((resolve, reject) => {
            const request = store.openCursor();
            request.onerror = () => reject(request.error);
            request.onsuccess = () => {
                const cursor = request.result;
                if (!cursor || visit(cursor.value) === false) resolve();
                else cursor.continue();
            };
        });
    }

    /** Ids of the conversations in which all words occur. */
    async search(text, isWanted) {
        const words = text.toLowerCase().split(/\s+/).filter(Boolean);
        const found = new Set();
        await this.each((conversation) => {
            const content = [conversation.title, ...conversation.messages.map((message) => message.text)].join("\n");
            const folded = content.toLowerCase();
            if (words.every((word) => folded.includes(word))) found.add(conversation.id);
            return isWanted();
        });
        return found;
    }

    /** Bytes in use and allowed, or null where the browser does not tell. */
    async room() {
        try {
            const { usage, quota } = await navigator.storage.estimate();
            return { usage, quota };
        } catch {
            return null;
        }
    }
}

export function exportText(conversations) {
    return JSON.stringify({ format: "kite-conversations", version: 1, conversations }, null, 1);
}

/** The conversations of a file; throws an Error that says what is wrong with it. */
export function readExport(text) {
    let value;
    try {
        value = JSON.parse(text);
    } catch {
        throw new Error("it is not JSON");
    }
    const list = Array.isArray(value?.conversations) ? value.conversations : [value];
    return list.map((one, index) => {
        try {
            return readConversation(one);
        } catch (error) {
            throw new Error(`conversation ${index + 1}: ${error.message}`);
        }
    });
}

function finished(request) {
    return new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
        request.onblocked = () => reject(new Error("another tab holds the storage"));
    });
}

function committed(transaction) {
    return new Promise((resolve, reject) => {
        transaction.oncomplete = () => resolve();
        transaction.onabort = () => reject(transaction.error ?? new DOMException("stopped", "AbortError"));
        transaction.onerror = () => {};
    });
}
