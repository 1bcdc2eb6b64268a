"""Webhooks over HTTP into a real Postgres: what is signed is stored once, everything else changes nothing."""

import contextlib
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from bot.errors import SettingsError
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.inbox import counted
from bot.web import app as web
from bot.web import hooks
from bot.web.health import Watch
from bot.web.hooks import Gate, gate_of

SECRET = "a secret of the forum"
OLD_SECRET = "the secret before it"
FORUM = "https://forum.example"
PATH = "/hooks/discourse"


@contextlib.contextmanager
def served(sessions: Sessions, gate: Gate) -> Iterator[str]:
    """The web part in a thread, on a free port; its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = web.Server(web.make_app(gate, sessions, Watch(Settings(_env_file=None), sessions)))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


@pytest.fixture
def gate() -> Gate:
    return Gate((SECRET.encode(), OLD_SECRET.encode()), frozenset({"forum.example"}), in_flight=20)


@pytest.fixture
def url(sessions: Sessions, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(hooks, "COUNTS_EVERY_S", 0.02)
    with served(sessions, gate) as address:
        yield address + PATH


def post_body(post_id: int = 7, **fields: Any) -> bytes:
    post = {"id": post_id, "topic_id": 42, "post_type": 1, "topic_archetype": "regular", "raw": "가 🙂", **fields}
    return json.dumps({"post": post}, ensure_ascii=False).encode()


def headers_of(body: bytes, *, secret: str = SECRET, event: str = "post_edited", **changed: str) -> dict[str, str]:
    return {
        "x-discourse-instance": FORUM,
        "x-discourse-event-id": "1",
        "x-discourse-event-type": event.split("_")[0],
        "x-discourse-event": event,
        "x-discourse-event-signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
        **{f"x-discourse-{name.replace('_', '-')}": value for name, value in changed.items()},
    }


def send(url: str, body: bytes, headers: dict[str, str] | None = None) -> int:
    return httpx.post(url, content=body, headers=headers or headers_of(body), timeout=30).status_code


def stored(engine: Engine) -> list[tuple[str, str, int, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("select event_type, event, object_id, body from inbox order by id"))
        return [tuple(row) for row in rows]


def job_count(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("select count(*) from procrastinate_jobs")).scalar_one())


def wait_for_count(sessions: Sessions, event: str, outcome: str, count: int = 1) -> None:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        with sessions() as session:
            if counted(session).get((event, outcome)) == count:
                return
        time.sleep(0.02)
    with sessions() as session:
        pytest.fail(f"not counted: {counted(session)}")


def test_signed_webhook_is_stored_with_its_job(url: str, engine: Engine, sessions: Sessions) -> None:
    body = post_body()
    assert send(url, body) == 200
    assert stored(engine) == [("post", "post_edited", 7, body.decode())]
    with engine.connect() as connection:
        jobs = connection.execute(text("select task_name, args, status::text from procrastinate_jobs")).all()
        inbox_id = connection.execute(text("select id from inbox")).scalar_one()
    assert jobs == [("handle_event", {"inbox_id": inbox_id}, "todo")]
    wait_for_count(sessions, "post_edited", "stored")


def test_both_secrets_count_while_one_replaces_the_other(url: str, engine: Engine) -> None:
    assert send(url, post_body(1), headers_of(post_body(1), secret=OLD_SECRET)) == 200
    assert len(stored(engine)) == 1


def forgeries() -> dict[str, tuple[bytes, dict[str, str]]]:
    body = post_body()
    good = headers_of(body)
    signature = good["x-discourse-event-signature"]
    missing = {name: value for name, value in good.items() if "signature" not in name}
    respaced = json.dumps(json.loads(body), indent=1, ensure_ascii=False).encode()
    return {
        "no signature": (body, missing),
        "blank signature": (body, {**good, "x-discourse-event-signature": ""}),
        "short signature": (body, {**good, "x-discourse-event-signature": signature[:-2]}),
        "without its prefix": (body, {**good, "x-discourse-event-signature": signature.removeprefix("sha256=")}),
        "other algorithm": (body, {**good, "x-discourse-event-signature": signature.replace("256", "1")}),
        "not ASCII": (body, {**good, "x-discourse-event-signature": "sha256=\xe9"}),
        "other key": (body, headers_of(body, secret="a secret of another")),
        "blank key": (body, headers_of(body, secret="")),
        "re-serialised": (respaced, good),
        "one byte more": (body + b" ", good),
        "other forum": (body, headers_of(body, instance="https://forum.example.attacker.example")),
        "no forum": (body, {name: value for name, value in good.items() if "instance" not in name}),
    }


def test_forged_webhook_changes_nothing(url: str, engine: Engine) -> None:
    for name, (body, headers) in forgeries().items():
        raw = [(key.encode(), value.encode("latin-1")) for key, value in headers.items()]
        assert httpx.post(url, content=body, headers=raw).status_code == 403, name
    assert stored(engine) == []
    assert job_count(engine) == 0


def test_forgeries_are_counted(url: str, sessions: Sessions) -> None:
    for body, headers in (forgeries()["other key"], forgeries()["no signature"], forgeries()["no signature"]):
        send(url, body, headers)
    wait_for_count(sessions, "(badly signed)", "refused")
    wait_for_count(sessions, "(unsigned)", "refused", 2)


def test_without_any_secret_everything_is_refused(sessions: Sessions, engine: Engine) -> None:
    with served(sessions, Gate((), frozenset({"forum.example"}))) as address:
        body = post_body()
        assert send(address + PATH, body, headers_of(body, secret="")) == 403
    assert stored(engine) == []


def test_repetition_under_a_new_id_is_stored_once(url: str, engine: Engine, sessions: Sessions) -> None:
    body = post_body()
    assert [send(url, body, headers_of(body, event_id=str(n))) for n in range(3)] == [200, 200, 200]
    assert len(stored(engine)) == job_count(engine) == 1
    wait_for_count(sessions, "post_edited", "repeated", 2)


def test_doubled_webhooks_at_the_same_moment_are_stored_once(url: str, engine: Engine) -> None:
    bodies = [post_body(number) for number in range(5)] * 4
    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(lambda body: send(url, body), bodies)) == {200}
    assert sorted(row[2] for row in stored(engine)) == list(range(5))
    assert job_count(engine) == 5


@pytest.mark.parametrize("is_declared", [True, False])
def test_too_large_body_is_refused_while_it_is_read(url: str, engine: Engine, *, is_declared: bool) -> None:
    body = post_body(raw="x" * 1_000_000)
    content: Any = body if is_declared else (body[n : n + 50_000] for n in range(0, len(body), 50_000))
    with contextlib.suppress(httpx.WriteError, httpx.RemoteProtocolError):  # it may hang up on the rest
        assert httpx.post(url, content=content, headers=headers_of(body)).status_code == 413
    assert stored(engine) == []


def test_largest_body_is_taken(url: str, engine: Engine) -> None:
    body = post_body(raw="x" * 990_000)
    assert send(url, body) == 200
    assert len(stored(engine)) == 1


UNREADABLE = (
    *(b"", b"[]", b"{", b"\xff", b'{"post": 7}', b'{"post": {"id": null}}', b'{"topic": {"id": 1}}'),
    b'{"post":' * 90_000 + b"1" + b"}" * 90_000,
)


def test_signed_but_unreadable_is_refused(url: str, engine: Engine) -> None:
    for body in UNREADABLE:
        assert send(url, body) == 400, body
    assert stored(engine) == []


def test_ping_and_unknown_events_are_answered_and_counted(url: str, engine: Engine, sessions: Sessions) -> None:
    assert send(url, b'{"ping":"OK"}', headers_of(b'{"ping":"OK"}', event="ping")) == 200
    assert send(url, b'{"badge":{}}', headers_of(b'{"badge":{}}', event="badge_granted")) == 200
    wait_for_count(sessions, "ping", "ignored")
    wait_for_count(sessions, "badge_granted", "ignored")
    assert stored(engine) == []


def test_private_messages_and_whispers_of_others_are_not_stored(url: str, engine: Engine) -> None:
    bodies = [
        (post_body(topic_archetype="private_message"), "post_created"),
        (post_body(post_type=4), "post_created"),
        (post_body(post_type=4, topic_id=None), "post_created"),
        (json.dumps({"topic": {"id": 3, "archetype": "private_message"}}).encode(), "topic_created"),
    ]
    for body, event in bodies:
        assert send(url, body, headers_of(body, event=event)) == 200
    assert stored(engine) == []
    assert job_count(engine) == 0


def test_whisper_in_a_topic_of_ours_is_stored(url: str, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "with e as (insert into editions (series, period, period_start, period_end, state, title) "
                "values ('weekly', '2026-11-09', '2026-11-09', '2026-11-15', 'submitted', 't') returning id) "
                "insert into topics (edition_id, external_id, discourse_id, category_id) select id, 'k', 42, 1 from e"
            )
        )
    assert send(url, post_body(post_type=4)) == 200
    assert [row[2] for row in stored(engine)] == [7]


def test_mail_addresses_are_not_stored(url: str, engine: Engine) -> None:
    mail = "someone@example.org"
    user = {"user": {"id": 3, "email": mail}}
    like = {"like": {"post": {"id": 7, "topic_id": 42, "raw": mail}, "user": {"id": 3, "username": "r", "email": mail}}}
    held = {
        "reviewable": {"id": 9, "type": "ReviewableQueuedPost", "status": 0, "topic_id": 42, "payload": {"raw": mail}}
    }
    for payload, event in ((user, "user_created"), (like, "like_post_liked"), (held, "reviewable_created")):
        body = json.dumps(payload).encode()
        assert send(url, body, headers_of(body, event=event)) == 200
    rows = stored(engine)
    assert [(row[0], row[2]) for row in rows] == [("like", 7), ("reviewable", 9)]
    assert mail not in str(rows)


def test_burst_above_the_bound_is_told_to_wait(url: str, engine: Engine, gate: Gate) -> None:
    body = post_body()
    host, port = httpx.URL(url).host, httpx.URL(url).port
    head = "".join(f"{name}: {value}\r\n" for name, value in headers_of(body).items())
    slow = []
    for _ in range(gate.in_flight):
        connection = socket.create_connection((host, port or 80))
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n{head}\r\n".encode())
        slow.append(connection)
    time.sleep(0.2)
    assert send(url, body) == 429
    for connection in slow:
        connection.sendall(body)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        connection.close()
    assert send(url, body) == 200
    assert len(stored(engine)) == 1


def test_five_hundred_in_a_burst_are_all_stored_or_told_to_wait(url: str, engine: Engine) -> None:
    with httpx.Client() as client, ThreadPoolExecutor(16) as pool:

        def one(number: int) -> int:
            body = post_body(number)
            return client.post(url, content=body, headers=headers_of(body), timeout=30).status_code

        answers = list(pool.map(one, range(500)))
    assert set(answers) <= {200, 429}
    assert len(stored(engine)) == job_count(engine) == answers.count(200) > 450


def test_cut_connections_of_the_database_lose_nothing(url: str, engine: Engine) -> None:
    for number in range(6):
        assert send(url, post_body(number)) == 200
        with engine.connect() as connection:
            cut = connection.execute(
                text(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity "
                    "where application_name = 'paperbot web' and datname = current_database()"
                )
            ).scalar_one()
        assert cut >= 1
    assert len(stored(engine)) == 6


def test_database_away_is_not_told_as_done(url: str, engine: Engine, postgres: str, database_url: str) -> None:
    name = engine.url.database
    admin = _admin(postgres)
    with admin.connect() as connection:
        connection.execute(text(f"alter database {name} allow_connections false"))
        connection.execute(
            text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"), {"name": name}
        )
        assert [send(url, post_body(number)) for number in range(3)] == [503, 503, 503]
        assert httpx.get(url.replace(PATH, "/healthz")).status_code == 200
        assert httpx.get(url.replace(PATH, "/readyz")).status_code == 503
        connection.execute(text(f"alter database {name} allow_connections true"))
    admin.dispose()
    engine.dispose()
    end = time.monotonic() + 5
    while send(url, post_body(9)) != 200:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert 9 in [row[2] for row in stored(engine)]


def _admin(url: str) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url

    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")


def test_answers_carry_strict_headers_and_there_are_no_other_pages(url: str) -> None:
    base = url.replace(PATH, "")
    for path in ("/docs", "/redoc", "/openapi.json", "/", PATH):
        answer = httpx.get(base + path)
        assert answer.status_code in (404, 405)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "server" not in answer.headers


def test_ready_only_with_a_living_worker(url: str, engine: Engine) -> None:
    ready = url.replace(PATH, "/readyz")
    assert httpx.get(ready).status_code == 503
    with engine.begin() as connection:
        connection.execute(text("select procrastinate_register_worker_v1()"))
    assert (httpx.get(ready).status_code, httpx.get(ready).text) == (200, "ready")


@pytest.mark.parametrize("value", ["short", "long enough secret,", ",", "long enough secret,short", "           "])
def test_blank_or_short_secret_is_refused_at_start(value: str) -> None:
    settings = Settings(_env_file=None, webhook_secrets=value, forum_url="https://forum.example")
    with pytest.raises(SettingsError, match="WEBHOOK_SECRETS") as raised:
        gate_of(settings)
    assert value.strip(" ,") == "" or value not in str(raised.value)


def test_gate_follows_the_settings() -> None:
    made = Settings(_env_file=None, webhook_secrets=f"{SECRET}, {OLD_SECRET}", forum_url="https://Forum.example/")
    assert gate_of(made) == Gate((SECRET.encode(), OLD_SECRET.encode()), frozenset({"forum.example"}))
    listed = Settings(_env_file=None, webhook_hosts="a.example, b.example:8443", forum_url="https://forum.example")
    assert gate_of(listed).hosts == {"a.example", "b.example:8443"}
