"""Clients that cost little: they count events and note moments, and parse only the last event. Standard library only."""

import asyncio
import json
import time
from dataclasses import dataclass, field


class Failed(Exception):
    """An answer that is not the good one that was expected."""


@dataclass
class Stream:
    """One streamed answer as the client saw it."""

    sent: float
    moments: list = field(default_factory=list)  # when an event with text came
    tokens: int = 0  # of the answer, as the server counts
    prompt_tokens: int = 0
    ended: float = 0.0

    @property
    def first(self):
        return self.moments[0] - self.sent

    @property
    def gaps(self):
        return [b - a for a, b in zip(self.moments, self.moments[1:])]


async def stream(port, body, path="/v1/completions", seconds=600) -> Stream:
    """Asks for a stream and reads it to its end. Raises Failed for anything but a whole answer."""
    data = json.dumps(body | {"stream": True, "stream_options": {"include_usage": True}}).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nConnection: close\r\n"
        f"Content-Length: {len(data)}\r\n\r\n"
    )
    result = Stream(time.monotonic())
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        try:
            writer.write(head.encode() + data)
            await writer.drain()
            status = await reader.readline()
            while (await reader.readline()).strip():
                pass
            if b" 200 " not in status:
                raise Failed((status + await reader.read(2000)).decode("utf-8", "replace"))
            last, done = b"", False
            while line := await reader.readline():
                if not line.startswith(b"data:"):
                    continue
                if line.startswith(b"data: [DONE]"):
                    done = True
                    continue
                if b'"usage":{' in line.replace(b" ", b"", 4000):
                    last = line
                if b'"error"' in line:
                    raise Failed(line.decode("utf-8", "replace"))
                result.moments.append(time.monotonic())
            result.ended = time.monotonic()
            if not done or not last:
                raise Failed(f"ended early, after {len(result.moments)} events")
        finally:
            writer.close()
    usage = json.loads(last[5:])["usage"]
    result.tokens, result.prompt_tokens = usage["completion_tokens"], usage["prompt_tokens"]
    if len(result.moments) > 1:
        result.moments.pop()  # the one with the usage
    return result


async def together(port, bodies, path="/v1/completions"):
    """The streams of requests sent at the same moment."""
    return await asyncio.gather(*[stream(port, body, path) for body in bodies])


def generation_speed(streams):
    """Tokens per second of all streams while all of them were being answered: no prompt is read in that time.

    An event can carry more than one token, so events are scaled to the tokens of their stream.
    """
    begin, end = max(s.moments[0] for s in streams), min(s.moments[-1] for s in streams)
    made = 0.0
    for s in streams:
        made += sum(begin < moment <= end for moment in s.moments) * s.tokens / len(s.moments)
    return made / (end - begin)


def whole_speed(streams):
    """Tokens per second from the first request sent to the last answer's end, prompts included."""
    return sum(s.tokens for s in streams) / (max(s.ended for s in streams) - min(s.sent for s in streams))
