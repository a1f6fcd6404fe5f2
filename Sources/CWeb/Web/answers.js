// Writing one answer: the request, its stream, and what is told about it at the end.

import { Problem, streamAnswer } from "./api.js";
import { promptFor } from "./conversations.js";
import { preferences } from "./preferences.js";

const MOST_ATTEMPTS = 4;

/** What is known of answers while they are written, and not stored: { start, first, last, pieces, waiting }. */
export const progressOf = new WeakMap();

/**
 * Fills `message` with what the model says, and goes on with it if it has text already. Calls `changed` after each piece.
 * Returns a Problem when the answer failed, else null; the message tells it too. A busy server is asked again.
 */
export async function writeAnswer(conversation, message, signal, changed) {
    const before = message.text;
    const earlier = message.usage;
    const clock = { start: performance.now(), first: null, last: null, pieces: 0, waiting: null, usage: null, timings: null };
    progressOf.set(message, clock);
    Object.assign(message, { finish: null, problem: null, usage: null });
    for (let attempt = 1; ; attempt += 1) {
        try {
            await receive(request(conversation, message, before), message, clock, signal, changed);
            break;
        } catch (error) {
            if (error.name === "AbortError" || signal.aborted) {
                message.finish = "stopped";
                break;
            }
            const problem = error instanceof Problem ? error : new Problem("server", `The page failed: ${error.message}`);
            if (problem.kind === "busy" && attempt < MOST_ATTEMPTS) {
                if (await pause(problem.retryAfter ?? attempt * 2, clock, signal, changed)) continue;
                message.finish = "stopped";
                break;
            }
            message.finish = message.text === before ? "failed" : "lost";
            message.problem = problem.message;
            message.usage = measured(clock, earlier);
            return problem;
        } finally {
            clock.waiting = null;
        }
    }
    message.finish ??= "stop";
    message.usage = measured(clock, earlier);
    return null;
}

function request(conversation, message, before) {
    const messages = promptFor(conversation, before ? message.id : message.parent);
    const body = { messages, ...preferences.sampling };
    if (message.model) body.model = message.model;
    if (before) Object.assign(body, { continue_final_message: true, add_generation_prompt: false });
    return body;
}

async function receive(body, message, clock, signal, changed) {
    for await (const piece of streamAnswer(body, signal)) {
        if (piece.text) {
            clock.first ??= performance.now();
            clock.last = performance.now();
            clock.pieces += 1;
            message.text += piece.text;
        }
        if (piece.finish) message.finish = piece.finish === "tool_calls" ? "stop" : piece.finish;
        if (piece.usage) clock.usage = piece.usage;
        if (piece.timings) clock.timings = piece.timings;
        changed();
    }
}

/** Waits with a countdown that the message shows; false when the person stops it. */
async function pause(seconds, clock, signal, changed) {
    for (let left = Math.max(1, Math.ceil(seconds)); left > 0; left -= 1) {
        clock.waiting = `The server is busy. Asking again in ${left} s`;
        changed();
        await new Promise((resolve) => {
            const timer = setTimeout(resolve, 1000);
            signal.addEventListener("abort", () => {
                clearTimeout(timer);
                resolve();
            }, { once: true });
        });
        if (signal.aborted) return false;
    }
    return true;
}

/** { prompt, cached, completion, rate, wait }: tokens, tokens per second, seconds to the first one. Unknown ones are left out. */
function measured(clock, earlier) {
    const { usage, timings } = clock;
    const result = {};
    if (clock.first !== null) result.wait = (clock.first - clock.start) / 1000;
    if (Number.isFinite(usage?.prompt_tokens)) result.prompt = usage.prompt_tokens;
    const cached = usage?.prompt_tokens_details?.cached_tokens;
    if (Number.isFinite(cached)) result.cached = cached;
    const seconds = clock.first === null ? 0 : (clock.last - clock.first) / 1000;
    if (Number.isFinite(usage?.completion_tokens)) {
        result.completion = usage.completion_tokens + (earlier?.completion ?? 0);
        if (seconds > 0.05 && usage.completion_tokens > 1) result.rate = (usage.completion_tokens - 1) / seconds;
    }
    if (Number.isFinite(timings?.predicted_per_second)) result.rate = timings.predicted_per_second;
    return result;
}
