"""One rate for all requests to a server, whatever the number of readers."""

from tools.cluster.live.limiter import BURST, Limiter, limiter_for


def sent_at(limiter: Limiter, asked_at: list[float]) -> list[float]:
    return [round(now + limiter.reserve(now), 3) for now in asked_at]


def test_after_a_burst_requests_are_spaced() -> None:
    times = sent_at(Limiter(20), [100.0] * (BURST + 3))
    assert times == [100.0] * BURST + [100.05, 100.1, 100.15]


def test_never_more_than_the_rate_over_a_long_time() -> None:
    times = sent_at(Limiter(20), [100.0] * 400)
    assert times[-1] - times[0] >= (400 - BURST) / 20 - 0.001


def test_idle_time_is_not_saved_up_beyond_the_burst() -> None:
    limiter = Limiter(10)
    limiter.reserve(0.0)
    assert sent_at(limiter, [500.0] * (BURST + 1)) == [500.0] * BURST + [500.1]


def test_a_pause_holds_everything_back() -> None:
    limiter = Limiter(20)
    limiter.pause(100.0, 3)
    assert sent_at(limiter, [100.0, 100.0, 101.0]) == [103.0, 103.05, 103.1]


def test_readers_of_one_server_share_a_limiter() -> None:
    assert limiter_for("https://a", 20) is limiter_for("https://a", 20)
    assert limiter_for("https://a", 20) is not limiter_for("https://b", 20)
