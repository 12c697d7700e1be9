"""Running totals of a step's metrics."""


def add_means(totals, *means):
    start = 0
    for sums, count in means:
        totals[start:start + sums.size] += sums / count
        start += sums.size
