"""Makes Tests/Golden/harness: what the hf backend of lm-evaluation-harness says of tiny models, request by request.

    python scripts/golden/harness.py [FOLDER with nano-chat]       (packages: requirements.txt, requirements-harness.txt)

A file per model: requests with their log-likelihoods and is_greedy, whole texts with theirs, prompts with what is generated.
The conformance suite asks the same of `kite serve` through `local-completions`.
"""

import json
import random
import sys
from pathlib import Path

from lm_eval.api.instance import Instance
from lm_eval.models.huggingface import HFLM

GOLDEN = Path(__file__).resolve().parents[2] / "Tests" / "Golden"
WORDS = (
    "the capital of Peru is Lima and a kite flies over hills when wind blows; tiny small large good bad one two three "
    "four seven 12 345 naïve café Zürich 日本 you can't don't Hello? yes, no. Who what"
).split()


def text(r, count):
    return "".join(r.choice(WORDS) + r.choice([" ", " ", " ", ", ", "\n"]) for _ in range(count)).strip()


def requests(context):
    """Contexts and continuations as tasks have them: choices of one question, empty contexts, more than the model holds."""
    r = random.Random(20231207)
    pairs = []
    for _ in range(8):
        question = text(r, r.randint(1, context // 24))
        pairs += [(question, " " + text(r, r.randint(1, 5))) for _ in range(3)]
    pairs += [(f"Question: What is the capital of {country}?\nAnswer:", f" {city}") for country in ("Peru", "France") for city in ("Lima", "Paris")]
    pairs += [("", text(r, 4)), ("", "a"), ("What is 2 plus 3?\n", "5"), ("trailing space ", "word"), ("é", "e\u0301 🪁")]
    # Cut from the left, by one token and by many.
    pairs += [(text(r, context), " " + text(r, 3)), (text(r, context * 2), " yes")]
    rolling = [text(r, n) for n in (1, 12, context // 8, context // 2, context)] + ["x"]
    prompts = [text(r, r.randint(1, 12)) for _ in range(6)] + ["1, 2, 3,", "Question: What is the capital of Peru?\nAnswer:"]
    return pairs, rolling, [(p, {"until": u, "max_gen_toks": n, "temperature": 0.0, "do_sample": False}) for p, u, n in zip(
        prompts, [["\n"], ["e"], ["\n\n", " the"], ["zzz"]] * 2, [24, 16, 32, 8] * 2, strict=True)]


def main(folders):
    for name, folder in folders.items():
        model = HFLM(pretrained=str(folder), device="cpu", dtype="float32", batch_size=1, softmax_dtype="float32")
        pairs, rolling, prompts = requests(model.max_length)

        def run(kind, arguments, method):
            instances = [Instance(request_type=kind, doc={}, arguments=a, idx=i) for i, a in enumerate(arguments)]
            return method(instances, disable_tqdm=True)

        # Continuations that are the model's own, and so greedy.
        short = run("generate_until", [(c, {"until": ["\n"], "max_gen_toks": 3, "do_sample": False}) for c, _ in pairs[::3]], model.generate_until)
        pairs += [(c, t) for (c, _), t in zip(pairs[::3], short, strict=True) if t and "\ufffd" not in t]
        likelihoods = run("loglikelihood", pairs, model.loglikelihood)
        wholes = run("loglikelihood_rolling", [(t,) for t in rolling], model.loglikelihood_rolling)
        generated = run("generate_until", prompts, model.generate_until)
        result = {
            "model": name, "max_length": model.max_length,
            "loglikelihood": [
                {"context": c, "continuation": t, "logprob": float(v), "is_greedy": bool(g)}
                for (c, t), (v, g) in zip(pairs, likelihoods, strict=True)],
            "rolling": [{"text": t, "logprob": float(v)} for t, v in zip(rolling, wholes, strict=True)],
            "generate": [{"prompt": p, "options": o, "text": t} for (p, o), t in zip(prompts, generated, strict=True)],
        }
        path = GOLDEN / "harness" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        greedy = sum(entry["is_greedy"] for entry in result["loglikelihood"])
        print(f"{path.name}: {len(pairs)} log-likelihoods ({greedy} greedy), {len(rolling)} texts, {len(prompts)} generations")


if __name__ == "__main__":
    found = {"stablelm-2-12b": GOLDEN / "models" / "stablelm-2-12b" / "hf"}
    if len(sys.argv) > 1:
        found["nano-chat"] = Path(sys.argv[1])
    main(found)
