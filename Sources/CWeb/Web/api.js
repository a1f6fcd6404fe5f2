// What the page asks of the server that it came from.

import { apiKey } from "./preferences.js";

/** Something went wrong, told in words for the person. `kind`: network, key, busy, lost, request or server. */
export class Problem extends Error {
    constructor(kind, message, { status = 0, retryAfter = null } = {}) {
        super(message);
        this.kind = kind;
        this.status = status;
        this.retryAfter = retryAfter;
    }
}

// Beside this file, so that the page works below any path.
const address = (path) => new URL(path, import.meta.url);

async function ask(path, options = {}) {
    const headers = { ...options.headers };
    if (apiKey.value) headers.Authorization = `Bearer ${apiKey.value}`;
    let response;
    try {
        response = await fetch(address(path), { ...options, headers, cache: "no-store" });
    } catch (error) {
        if (error.name === "AbortError") throw error;
        throw new Problem("network", "The server cannot be reached.");
    }
    if (!response.ok) throw await refusal(response);
    return response;
}

async function refusal(response) {
    const { status } = response;
    let detail = "";
    try {
        const { error } = await response.json();
        detail = typeof error === "string" ? error : (error?.message ?? "");
    } catch {
        // A proxy's error page, say: the status has to do.
    }
    const said = detail ? ` The server says: ${detail}` : "";
    const options = { status, retryAfter: seconds(response.headers.get("Retry-After")) };
    if (status === 401) return new Problem("key", "The server wants a valid key.", options);
    if (status === 429) return new Problem("busy", "The server has too much to do right now.", options);
    if (status === 503) return new Problem("busy", `The server is not ready.${said}`, options);
    if (status === 502 || status === 504) {
        return new Problem("network", "The server behind this address does not answer.", options);
    }
    if (status === 413) return new Problem("request", "The message is too large for this server.", options);
    if (status < 500) return new Problem("request", `The request was refused.${said || ` (status ${status})`}`, options);
    return new Problem("server", `Something went wrong on the server.${said || ` (status ${status})`}`, options);
}

function seconds(header) {
    const value = Number.parseInt(header ?? "", 10);
    return Number.isFinite(value) && value >= 0 ? Math.min(value, 60) : null;
}

/** The models: [{ id, context, isLoaded }], context null where the server does not tell. */
export async function listModels() {
    const response = await ask("v1/models");
    const { data } = await response.json();
    return (Array.isArray(data) ? data : []).filter((model) => typeof model?.id === "string").map((model) => ({
        id: model.id,
        context: [model.meta?.n_ctx, model.context_length, model.max_model_len, model.meta?.n_ctx_train]
            .find(Number.isFinite) ?? null,
        isLoaded: typeof model.status !== "string" || model.status === "loaded",
    }));
}

/** Whether the server is there; says nothing about keys. */
export async function isThere() {
    try {
        await fetch(address("health"), { cache: "no-store", signal: AbortSignal.timeout(5000) });
        return true;
    } catch {
        return false;
    }
}

/**
 * Asks for an answer and yields { text, finish, usage, timings }, each where a piece of the stream has one.
 * Throws a Problem, or the signal's AbortError.
 */
export async function* streamAnswer(request, signal) {
    const response = await ask("v1/chat/completions", {
        method: "POST", signal, headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ ...request, stream: true, stream_options: { include_usage: true } }),
    });
    let hasEnded = false;
    for await (const data of events(response)) {
        if (data === "[DONE]") return;
        let piece;
        try {
            piece = JSON.parse(data);
        } catch {
            throw new Problem("server", "The server sent something that is no answer.");
        }
        if (piece.error) {
            throw new Problem("server", `The server stopped: ${piece.error.message ?? "it did not say why"}`);
        }
        const choice = piece.choices?.[0];
        const text = choice?.delta?.content ?? choice?.delta?.refusal ?? "";
        const finish = choice?.finish_reason ?? null;
        hasEnded ||= finish !== null;
        yield { text, finish, usage: piece.usage ?? null, timings: piece.timings ?? null };
    }
    if (!hasEnded) throw new Problem("lost", "The connection broke off before the answer was complete.");
}

/** The data of each server-sent event. */
async function* events(response) {
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    let data = [];
    try {
        for (;;) {
            let piece;
            try {
                piece = await reader.read();
            } catch (error) {
                if (error.name === "AbortError") throw error;
                throw new Problem("lost", "The connection broke off before the answer was complete.");
            }
            if (piece.done) break;
            const lines = (rest + decoder.decode(piece.value, { stream: true })).split("\n");
            rest = lines.pop();
            for (const ended of lines) {
                const line = ended.endsWith("\r") ? ended.slice(0, -1) : ended;
                if (line.startsWith("data:")) {
                    data.push(line.slice(line[5] === " " ? 6 : 5));
                } else if (!line && data.length) {
                    yield data.join("\n");
                    data = [];
                }
            }
        }
        if (data.length) yield data.join("\n");
    } finally {
        // Whoever stops listening ends the request, and with it the work on the server.
        reader.cancel().catch(() => {});
    }
}
