"""The most memory in use is at most the file + the keys and values of the context + 200 MB."""


def test_peak_memory(kite, large):
    context = 512
    keys_and_values = 24 * 2 * 2048 * 2 * context  # layers, k and v, width, f16
    result = kite.peak("generate", "-m", large, "-c", context, "-p", "x " * 200, "-n", "4", "--temp", "0", "--ignore-eos")
    assert result.code == 0
    bound = large.stat().st_size + keys_and_values + 200_000_000
    assert result.peak_bytes <= bound, f"{result.peak_bytes / 1e6:.0f} MB, bound {bound / 1e6:.0f} MB"
