"""Sending a digest beside Postfix's own test sender: same sink, same sizes, taking turns.

`smtp-source` sends one message again and again and remembers nothing; ours makes every mail its own and commits each
before the next. Two processes of ours, as two workers would. What a connection of ours waits for is the disk, once a
mail; commits of other connections share that wait, so ours are timed with four connections and with sixteen. Left out
where Postfix's tools are not installed; nothing of Postfix itself is started. `python -m benchmarks.mail send ADDRESS
PORT DIGEST LINES SECONDS` is the child.
"""

import contextlib
import datetime as dt
import os
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, ratios
from benchmarks.inputs import ROOT

SINK, SOURCE = (shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin") for name in ("smtp-sink", "smtp-source"))
PROCESSES = 2
SOURCE_SESSIONS = 4
LINES = (2, 8)
"""Of each process: as many as `smtp-source` has, and four times as many."""
BAR = 1 / 0.25
"""Ours may take so much longer: a quarter of its rate."""
NOW = dt.datetime(2026, 11, 15, 23, tzinfo=dt.UTC)


def sending(folder: Path, pairs: int, mails: int = 4_000) -> list[Figure]:
    """The rates, how much longer ours takes, and the memory of a sender; nothing without Postfix's tools."""
    if SINK is None or SOURCE is None:
        return []
    from bot.settings import Settings
    from bot.store.engine import opened

    with opened(Settings(_env_file=None, database_url=None, data_dir=folder)) as sessions, _sink() as port:
        url = sessions.kw["bind"].url.render_as_string(hide_password=False)
        sample = folder / "mail.eml"
        _prepare(sessions, 10, sample)
        _ours(url, port, _prepare(sessions, 200), 200, LINES[0])
        _theirs(port, sample, 200)
        seconds = []
        for _ in range(pairs):
            theirs_s = _theirs(port, sample, mails)
            ours_s = [_ours(url, port, _prepare(sessions, mails), mails, lines)[0] for lines in LINES]
            seconds.append((theirs_s, *ours_s))
        few = _ours(url, port, _prepare(sessions, 1_000), 1_000, LINES[0])[1]
        many = _ours(url, port, _prepare(sessions, 100_000), 1_000, LINES[0], seconds=5.0)[1]
        size_kb = sample.stat().st_size / 1_000
    theirs, as_many, more = zip(*seconds, strict=True)
    note = f"{PROCESSES} processes, mails of {size_kb:.0f} kB, one commit each"
    connections = [PROCESSES * lines for lines in LINES]
    wanted = "4 is a quarter of its rate, 2.2 wanted"
    return [
        Figure(f"digest mails, {connections[0]} connections", "/s", tuple(mails / s for s in as_many), None, note),
        Figure(f"digest mails, {connections[1]} connections", "/s", tuple(mails / s for s in more), None, note),
        Figure(f"  smtp-source -s {SOURCE_SESSIONS}", "/s", tuple(mails / s for s in theirs)),
        Figure(f"  time against it, {connections[0]} connections", "x", ratios(as_many, theirs)),
        Figure(f"  time against it, {connections[1]} connections", "x", ratios(more, theirs), BAR, wanted),
        Figure("  memory of a sender, 1,000 readers", "MB", (few,)),
        Figure("  memory of a sender, 100,000 readers", "MB", (many,)),
    ]


@contextlib.contextmanager
def _sink() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    assert SINK is not None
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    child = subprocess.Popen(
        [SINK, *user, f"127.0.0.1:{port}", "128"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        yield port
    finally:
        child.terminate()
        child.wait(10)


def _theirs(port: int, sample: Path, mails: int) -> float:
    assert SOURCE is not None
    command = [SOURCE, "-s", str(SOURCE_SESSIONS), "-m", str(mails), "-d", "-F", str(sample)]
    start = time.perf_counter()
    subprocess.run([*command, "-f", "b@news.example.org", "-t", "r@example.com", f"127.0.0.1:{port}"], check=True)
    return time.perf_counter() - start


def _ours(url: str, port: int, digest_id: int, mails: int, lines: int, seconds: float = 100.0) -> tuple[float, float]:
    """Seconds from the start signal until all is sent, and the largest sender's memory in MB."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.mail",
        "send",
        url,
        str(port),
        str(digest_id),
        str(lines),
        str(seconds),
    ]
    children = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    start = time.perf_counter()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told = [child.communicate()[0].split() for child in children]
    taken = time.perf_counter() - start
    assert sum(int(sent) for sent, _ in told) >= mails, told
    return taken, max(float(memory) for _, memory in told)


def _prepare(sessions: object, readers: int, sample: Path | None = None) -> int:
    """A digest of ten papers, planned for so many readers; its id, and one of its mails in `sample`."""
    from sqlalchemy import text
    from sqlalchemy.orm import sessionmaker

    from bot.digests.compose import Content, Item, Section
    from bot.digests.render import Frame, render
    from bot.store.tables import Digest, Rendering

    assert isinstance(sessions, sessionmaker)
    summary = "배가 지도 없이 먼 길을 찾아가는 방법을 제안하고, 적은 연료로 더 멀리 갈 수 있음을 보입니다. " * 4
    items = tuple(
        Item(
            n,
            f"Ship {n}: Sailing by Lamplight",
            f"배 {n}호: 등불로 항해하기",
            ["Kim"],
            None,
            summary,
            "https://p.example",
        )
        for n in range(10)
    )
    content = Content((Section(NOW, "이번 주의 논문", "https://forum.example/t/1", 3, 1, (), items),), (), ())
    made = render(
        content, "ko", Frame("weekly", "소식 · 오늘", "모임", "hello@example.org", "https://n.example/digests/1")
    )
    with sessions.begin() as session:
        session.execute(text("truncate deliveries, renderings, digests, subscribers, bounce_events"))
        digest = Digest(
            cadence="weekly",
            zone="Asia/Seoul",
            period="p",
            window_start=NOW,
            slot_at=NOW,
            state="sending",
            frozen_at=NOW,
            subject="소식 · 오늘",
        )
        session.add(digest)
        session.flush()
        rendering = Rendering(
            digest_id=digest.id,
            language="ko",
            start=NOW,
            mailed_until=NOW,
            seen=[],
            paper_ids=[1],
            boundary=made.boundary,
            html=made.html,
            plain=made.plain,
        )
        session.add(rendering)
        session.flush()
        arguments = {"count": readers, "digest": digest.id, "rendering": rendering.id}
        session.execute(
            text(
                "insert into subscribers (address, address_key, state, source) select a, a, 'active', 'import'"
                " from generate_series(1, :count) n, concat('r', n, '@example.com') a"
            ),
            arguments,
        )
        session.execute(
            text(
                "insert into deliveries (digest_id, subscriber_id, rendering_id, state)"
                " select :digest, id, :rendering, 'planned' from subscribers order by id"
            ),
            arguments,
        )
        digest_id = digest.id
    with sessions() as session:
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"}).execute(text("analyze"))
    if sample is not None:
        from benchmarks.mail_office import message_of

        sample.write_bytes(message_of(made.html, made.plain, made.boundary))
    return digest_id


def _send(url: str, port: int, digest_id: int, lines: int, seconds: float) -> None:
    from sqlalchemy.orm import sessionmaker

    from benchmarks.mail_office import office_for
    from bot import clock
    from bot.digests import send
    from bot.store.engine import make_engine

    office = office_for(sessionmaker(make_engine(url)), port, PROCESSES * lines)
    sent = [send.Sent() for _ in range(lines)]
    print("ready", flush=True)
    sys.stdin.readline()

    end = time.monotonic() + seconds

    def line(number: int) -> None:
        sent[number] = send.work(office, digest_id, until=lambda: time.monotonic() > end, now=clock.now)

    threads = [threading.Thread(target=line, args=(number,)) for number in range(lines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(sum(one.counts.get("sent", 0) for one in sent), memory_mb)


if __name__ == "__main__":
    _send(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6]))
