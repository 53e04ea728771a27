from server.counters import BUCKETS, Histogram


def test_an_observation_falls_under_the_first_bound_that_holds_it() -> None:
    histogram = Histogram()
    for seconds in (0.0, BUCKETS[0], 0.002, 99.0):
        histogram.observe(seconds)
    assert histogram.counts == [2, 1, *[0] * (len(BUCKETS) - 2), 1]
    assert histogram.sum == 99.0 + 0.002 + BUCKETS[0]
