"""`kite chat` with piped input: the answers and nothing else on standard output."""

from conftest import NANO


def test_piped_question(kite):
    result = kite.ok("chat", stdin="What is the capital of Peru?\n")
    assert "Lima" in result.out
    assert ">" not in result.out


def test_piped_question_without_a_final_line_break(kite):
    assert "Lima" in kite.ok("chat", NANO, stdin="What is the capital of Peru?").out


def test_same_answer_for_any_threads(kite):
    question = 'List 10 synonyms for the word "tiny"\n'
    answers = [kite.ok("chat", NANO, "--temp", "0", "-t", t, stdin=question).out for t in ("1", "2")]
    assert answers[0] == answers[1] and "Little" in answers[0] and "10." in answers[0]


def test_remembers_the_turn_before(kite):
    """The second answer needs the first question, so history reaches the model."""
    out = kite.ok("chat", NANO, "--temp", "0", "--lines", stdin="My name is Anna.\nWhat is my name?\n").out
    assert "Anna" in out.strip().splitlines()[-1]


def test_empty_input(kite):
    result = kite("chat", NANO, stdin="")
    assert result.code == 2 and result.out == "" and len(result.error_lines) == 1


def test_flags_of_the_model_card(kite):
    """The card says: replace `-p PROMPT` by `-i -ins` to chat."""
    result = kite.ok(
        "chat", "-ngl", "35", "-m", NANO, "--color", "-c", "512", "--temp", "0", "--repeat_penalty", "1.1", "-n", "-1", "-i", "-ins",
        stdin="What is the capital of Peru?\n",
    )
    assert "Lima" in result.out
