"""The interval of pipeline::score's bootstrap, written down again from its definition.

Plain Python, no packages. Prints the golden of
`the_interval_is_that_of_the_independent_script` in src/score/bootstrap.rs.
"""

WORD = 2**64 - 1


def splitmix64(state):
    while True:
        state = (state + 0x9E3779B97F4A7C15) & WORD
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
        yield z ^ (z >> 31)


def interval(fields, seed, resamples):
    words = splitmix64(seed)
    ratios = []
    for _ in range(resamples):
        drawn = [fields[((next(words) >> 32) * len(fields)) >> 32] for _ in fields]
        ratios.append(sum(a for a, _ in drawn) / sum(b for _, b in drawn))
    ratios.sort()
    return ratios[resamples * 25 // 1000 - 1], ratios[resamples * 975 // 1000]


if __name__ == "__main__":
    first = splitmix64(1234567)
    print("splitmix64(1234567):", next(first), next(first))
    fields = [(i * 7 % 11, 10 + i % 5) for i in range(20)]
    print("interval:", interval(fields, 42, 1000))
