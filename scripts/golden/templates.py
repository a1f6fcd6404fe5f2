"""Chat template goldens: what Jinja2 prints, set up as transformers' `apply_chat_template` sets it up.

Writes Tests/Golden/templates/conversations.json (published templates on conversations, without and with generation
prompt) and snippets.json (one language feature each). Needs Jinja2 only.
"""
import json
from datetime import datetime
from pathlib import Path

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from templates_published import TEMPLATES
from templates_snippets import CONTEXT, SNIPPETS

OUT = Path(__file__).resolve().parents[2] / "Tests/Golden/templates"
NOW = datetime(2026, 3, 7, 9, 5, 3)


class Generation(Extension):
    """`{% generation %}` marks what the assistant wrote; the text itself passes through."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    env.globals["strftime_now"] = lambda format: NOW.strftime(format)
    return env


def render(env, source, context):
    """The text, or the error's class and message."""
    try:
        return {"text": env.from_string(source).render(**context)}
    except Exception as error:  # noqa: BLE001: every error is a result here
        return {"error": type(error).__name__, "message": str(error)}


def conversations():
    ask = ["What is the capital of Peru?", "And of Chile?", "Thanks!"]
    answer = ["Lima.", "Santiago.", "You are welcome."]
    tricky = [
        "", " ", "  leading and trailing \n", "quotes ' and \" and `", "{{ braces }} {% if %} {# c #}", "line\r\nbreak\rs\n\n",
        "naïve café e\u0301 日本語 العربية 👩‍👩‍👧‍👦", "<|user|>\n</s><|endoftext|>[INST]", "\\n is not a newline\t\\", "\u00a0nbsp\u2003",
    ]
    system = {"role": "system", "content": "You are terse."}
    plain = []
    for turns in range(1, 7):
        messages = []
        for i in range(turns):
            messages.append({"role": "user", "content": ask[i // 2]} if i % 2 == 0
                            else {"role": "assistant", "content": answer[i // 2]})
        plain.append(messages)
    result = []
    for messages in plain:
        result += [messages, [system, *messages]]
    for text in tricky:
        result.append([{"role": "system", "content": text}, {"role": "user", "content": text},
                       {"role": "assistant", "content": text}, {"role": "user", "content": "go on"}])
    # What templates refuse or leave out.
    result += [
        [], [system], [{"role": "assistant", "content": "first"}],
        [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
        [{"role": "tool", "content": "x"}],
        [{"role": "user", "content": "a"}, {"role": "system", "content": "late"}],
    ]
    return result


def main():
    env = environment()
    OUT.mkdir(parents=True, exist_ok=True)
    talks = conversations()
    cases = []
    for name, (source, bos, eos) in TEMPLATES.items():
        for number, messages in enumerate(talks):
            for prompt in (False, True):
                context = {"messages": messages, "tools": None, "documents": None, "add_generation_prompt": prompt,
                           "bos_token": bos, "eos_token": eos}
                cases.append({"template": name, "conversation": number, "prompt": prompt, **render(env, source, context)})
    golden = {
        "templates": {n: {"source": s, "bos": b, "eos": e} for n, (s, b, e) in TEMPLATES.items()},
        "conversations": talks,
        "cases": cases,
    }
    write("conversations.json", golden)
    snippets = [{"source": source, **render(env, source, CONTEXT)} for source in SNIPPETS]
    write("snippets.json", {"context": CONTEXT, "snippets": snippets})


def write(name, value):
    (OUT / name).write_text(json.dumps(value, ensure_ascii=False, indent=0, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
