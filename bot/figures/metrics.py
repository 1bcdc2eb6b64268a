"""The figures as Prometheus reads them: the only importer of prometheus_client. No personal data, no texts."""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.figures.standing import LATELY, Standing

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LATELY = f"of the last {LATELY.days} days"


def metrics(now: Standing) -> bytes:
    """The text of `/metrics`."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(now))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, now: Standing) -> None:
        self._now = now

    def collect(self) -> Iterable[Metric]:
        now = self._now
        yield from _editions(now)
        yield from _work_of_people(now)
        yield from _outside(now)
        yield from _queue(now)


def _editions(now: Standing) -> Iterator[Metric]:
    editions = GaugeMetricFamily("paperbot_editions", "Editions by state.", labels=["series", "state"])
    for labels, count in sorted(now.editions.items()):
        editions.add_metric(list(labels), count)
    yield editions
    ages = [(now.at - draft.since).total_seconds() for draft in now.drafts]
    yield _gauge("paperbot_drafts_waiting", "Drafts that nobody has published or rejected.", len(ages))
    yield _gauge(
        "paperbot_draft_oldest_age_seconds", "Age of the oldest of them; 0: there is none.", max(ages, default=0)
    )


def _work_of_people(now: Standing) -> Iterator[Metric]:
    effort, corrections = now.effort, now.corrections
    yield _gauge("paperbot_posts_published", f"Drafts that became posts, {_LATELY}.", effort.posts)
    yield _gauge("paperbot_posts_untouched", f"Posts published without any change, {_LATELY}.", effort.untouched_posts)
    yield _gauge(
        "paperbot_sentences_untouched_ratio",
        f"Part of the posts' sentences that nobody changed, {_LATELY}.",
        effort.untouched_rate,
    )
    yield _gauge(
        "paperbot_time_to_publish_seconds",
        f"Median time from a draft's submission to its publication, {_LATELY}.",
        _seconds(effort.hours_to_publish),
    )
    yield _gauges("paperbot_characters_changed", f"Characters that people changed, {_LATELY}.", "by", effort.characters)
    yield _gauges("paperbot_corrections_open", "Corrections under way.", "state", corrections.open)
    yield _gauge("paperbot_corrections_applied", f"Corrections that pages show, {_LATELY}.", corrections.applied)
    yield _gauge(
        "paperbot_correction_time_to_apply_seconds",
        f"Median time from a reader's report to the corrected page, {_LATELY}.",
        _seconds(corrections.hours_to_apply),
    )


def _outside(now: Standing) -> Iterator[Metric]:
    yield _gauge("paperbot_model_cost_month_usd", "Booked for model calls this month.", float(now.money.spent))
    yield _gauge("paperbot_model_cost_cap_usd", "Where spending stops each month.", float(now.money.cap))
    yield _gauge("paperbot_model_calls_month", "Model calls this month.", now.money.calls)
    yield _gauge("paperbot_model_calls_failed_month", "Those of them without a usable answer.", now.money.failed)
    calls = {"ok": 0, "limited": 0, **now.forum_calls}
    yield _counters("paperbot_forum_calls", "Calls of the forum; limited: answered 429.", "outcome", calls)
    yield _counters("paperbot_webhooks", "Webhooks that came.", "outcome", now.webhooks)
    if now.swept_at is not None:
        yield _gauge(
            "paperbot_forum_swept_timestamp_seconds",
            "When the forum's newest posts were looked through last.",
            now.swept_at.timestamp(),
        )
    mails = GaugeMetricFamily(
        "paperbot_digest_mails", "Mails of the newest digest by state of delivery.", labels=["cadence", "state"]
    )
    for mailing in now.mailings:
        for state, count in sorted(mailing.mails.items()):
            mails.add_metric([mailing.cadence, state], count)
    yield mails
    yield _gauges("paperbot_subscribers_active", "Readers of the digest.", "cadence", now.subscribers)
    silent = GaugeMetricFamily(
        "paperbot_source_silent_seconds", "Time since a source's newest list came.", labels=["source"]
    )
    usual = GaugeMetricFamily(
        "paperbot_source_usual_pause_seconds", "Longest pause between its last lists.", labels=["source"]
    )
    for source in now.sources:
        silent.add_metric([source.name], source.silent.total_seconds())
        if source.usual is not None:
            usual.add_metric([source.name], source.usual.total_seconds())
    yield from (silent, usual)


def _queue(now: Standing) -> Iterator[Metric]:
    yield _gauge("paperbot_jobs_ready", "Jobs that could run now.", now.queue.ready)
    yield _gauge("paperbot_job_oldest_age_seconds", "How long the oldest of them has waited.", now.queue.oldest_s)
    yield _gauge("paperbot_jobs_failed", "Jobs that failed for good and are still kept.", now.queue.failed)
    yield _gauge("paperbot_jobs_failing", "Jobs that failed lately, for good or three times.", len(now.failing))
    yield _gauge("paperbot_workers", "Workers that gave a sign of life lately.", now.queue.workers)
    yield _gauge("paperbot_alerts_doubtful", "Alerts of which nobody knows whether they were said.", now.untold)


def _gauge(name: str, what: str, value: float | None) -> GaugeMetricFamily:
    """One number; without a sample where there is none."""
    family = GaugeMetricFamily(name, what)
    if value is not None:
        family.add_metric([], value)
    return family


def _gauges(name: str, what: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _counters(name: str, what: str, label: str, values: Mapping[str, float]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, what, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _seconds(hours: float | None) -> float | None:
    return None if hours is None else hours * 3600
