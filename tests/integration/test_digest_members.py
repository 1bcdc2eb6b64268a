"""Forum members as readers, against the stand-in forum over HTTP; and readers from and to a CSV file."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot import clock
from bot.cli.main import cli
from bot.digests import addresses, csv_files, members, states, subscribers
from bot.digests.states import Choice
from bot.errors import RejectedError
from bot.forum.discourse import Discourse
from bot.jobs import digests as jobs
from bot.sandbox.forum import Forum
from bot.sandbox.server import serve
from bot.store.engine import Sessions
from bot.store.tables import Subscriber
from tests.integration.digest_world import MONDAY, Desk, open_desk

ADMIN = "boss"


class Town:
    """A forum with members, and the desk beside it."""

    def __init__(self, desk: Desk, forum: Forum, url: str, key: str) -> None:
        self.desk, self.forum, self.url, self.key = desk, forum, url, key

    def sweep(self) -> members.Swept:
        with Discourse(self.url, username=ADMIN, api_key=self.key) as forum:
            done = members.sweep_page(self.desk.sessions, forum, 1, signer=self.desk.signer, now=clock.now())
            assert done is not None
            assert members.sweep_page(self.desk.sessions, forum, 2, signer=self.desk.signer, now=clock.now()) is None
        return done

    def write_back(self, number: int) -> None:
        with Discourse(self.url, username=ADMIN, api_key=self.key) as forum:
            members.write_back(self.desk.sessions, forum, number)

    def row(self, name: str) -> Subscriber | None:
        with self.desk.sessions() as session:
            return session.query(Subscriber).filter_by(address_key=f"{name}@forum.test").one_or_none()

    def choice(self, name: str) -> Choice | None:
        row = self.row(name)
        return None if row is None else members.ours(row)


@pytest.fixture(params=["now", "2022"])
def town(sessions: Sessions, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    monkeypatch.setattr(members, "INTERVAL_S", 0.0)
    forum = Forum(mode=request.param)
    forum.add_user(ADMIN, admin=True)
    for user in list(forum.state.users.values()):  # those a new forum has, too
        forum.set_digests(user, email_digests=False)
    key = forum.add_api_key(ADMIN)
    with open_desk(sessions) as desk, serve(forum.app()) as url:
        yield Town(desk, forum, url, key)


def test_members_with_digests_on_become_readers(town: Town) -> None:
    for name, on, minutes in (
        ("weekly", True, 10_080),
        ("daily", True, 1_440),
        ("half", True, 30),
        ("monthly", True, 43_200),
        ("never", True, 0),
        ("off", False, 10_080),
    ):
        town.forum.add_user(name)
        town.forum.set_digests(name, email_digests=on, minutes=minutes)
    town.forum.add_user("lists").mailing_list_mode = True
    assert town.sweep().joined == 3
    found = {name: town.choice(name) for name in ("weekly", "daily", "half", "monthly", "never", "off", "lists")}
    assert found == {
        "weekly": "weekly",
        "daily": "daily",
        "half": "daily",
        "monthly": None,
        "never": None,
        "off": None,
        "lists": None,
    }
    assert town.sweep().joined == 0


@pytest.mark.parametrize("flag", ["suspended", "silenced", "staged"])
def test_whom_the_forum_skips_is_skipped(town: Town, flag: str) -> None:
    setattr(town.forum.add_user("nari"), flag, True)
    town.sweep()
    assert town.row("nari") is None


def test_change_on_the_forum_is_followed_and_back(town: Town) -> None:
    town.forum.add_user("nari")
    town.sweep()
    for on, minutes, wanted in ((True, 1_440, "daily"), (False, 1_440, "none"), (True, 10_080, "weekly")):
        town.forum.set_digests("nari", email_digests=on, minutes=minutes)
        town.sweep()
        assert town.choice("nari") == wanted


def test_choice_made_here_is_written_back(town: Town) -> None:
    user = town.forum.add_user("nari")
    town.sweep()
    row = town.row("nari")
    assert row is not None
    with town.desk.sessions.begin() as session:
        subscribers.leave(session, row.id, actor="reader", reason="one click", now=MONDAY)
    assert town.sweep().write_back == [row.id]
    assert town.choice("nari") == "none"
    town.write_back(row.id)
    assert user.email_digests is False
    assert town.sweep().write_back == []
    assert town.choice("nari") == "none"


def test_complaint_is_not_undone_by_a_preference(town: Town) -> None:
    town.forum.add_user("nari")
    town.sweep()
    row = town.row("nari")
    assert row is not None
    with town.desk.sessions.begin() as session:
        subscribers.complain(session, row.id, reason="report", now=MONDAY)
    town.forum.set_digests("nari", email_digests=True, minutes=1_440)
    town.sweep()
    assert town.desk.state(row.id) == "complained"


def test_reader_of_the_form_keeps_their_choice_when_the_forum_is_met(town: Town) -> None:
    number = town.desk.reader("nari@forum.test", cadence="daily")
    town.forum.add_user("nari")
    town.sweep()
    row = town.row("nari")
    assert row is not None
    assert (row.id, row.forum_base, members.ours(row)) == (number, "weekly", "daily")


def test_member_who_was_erased_is_not_brought_back(town: Town) -> None:
    town.forum.add_user("nari")
    town.sweep()
    row = town.row("nari")
    assert row is not None
    with town.desk.sessions.begin() as session:
        subscribers.erase(session, town.desk.signer, row.id, actor="reader", now=MONDAY)
    assert town.sweep().joined == 0
    assert town.row("nari") is None


def test_member_is_followed_to_another_address_but_not_to_another_readers(town: Town) -> None:
    user = town.forum.add_user("nari")
    town.sweep()
    row = town.row("nari")
    assert row is not None
    old = town.desk.signer.token("preferences", row.id, row.token_version)
    user.email = "new@forum.test"
    town.sweep()
    moved = town.row("new")
    assert moved is not None
    assert (moved.id, moved.address) == (row.id, "new@forum.test")
    with town.desk.sessions() as session:
        assert subscribers.by_token(session, town.desk.signer, old, "preferences") is None
    town.desk.reader("taken@forum.test")
    user.email = "taken@forum.test"
    town.sweep()
    assert town.row("new") is not None


def test_key_that_sees_no_addresses_is_named(town: Town) -> None:
    town.forum.add_user("mod", moderator=True)
    key = town.forum.add_api_key("mod")
    with Discourse(town.url, username="mod", api_key=key) as forum, pytest.raises(RejectedError, match="administrator"):
        members.sweep_page(town.desk.sessions, forum, 1, signer=town.desk.signer, now=clock.now())


def test_job_goes_from_page_to_page(town: Town) -> None:
    town.forum.add_user("nari")
    settings = town.desk.settings.model_copy(
        update={"forum_url": town.url, "members_api_user": ADMIN, "members_api_key": _secret(town.key)}
    )
    with pytest.raises(RejectedError, match="members would get two"):
        jobs.sweep_members(town.desk.sessions, settings, 1, now=clock.now())
    assert town.row("nari") is None
    town.forum.settings.disable_digest_emails = True
    assert jobs.sweep_members(town.desk.sessions, settings, 1, now=clock.now()).endswith("seen, 1 joined, 0 changed")
    assert jobs.sweep_members(town.desk.sessions, settings, 2, now=clock.now()) == "all pages seen"


def _secret(text: str) -> object:
    from pydantic import SecretStr

    return SecretStr(text)


CHOICES: list[Choice] = ["none", "weekly", "daily"]


@pytest.mark.parametrize("base", CHOICES)
@pytest.mark.parametrize("ours", CHOICES)
@pytest.mark.parametrize("theirs", CHOICES)
def test_three_way_merge(base: Choice, ours: Choice, theirs: Choice) -> None:
    merged = states.merge(base, ours, theirs)
    if ours == base:
        assert merged == states.Merged(theirs, write_back=False)
    elif theirs == base:
        assert merged == states.Merged(ours, write_back=True)
    else:
        assert CHOICES.index(merged.choice) == min(CHOICES.index(ours), CHOICES.index(theirs))
        assert merged.write_back == (merged.choice != theirs)


def test_csv_comes_in_and_goes_out(sessions: Sessions) -> None:
    with open_desk(sessions) as desk:
        erased = desk.reader("erased@example.com")
        left = desk.reader("left@example.com")
        with sessions.begin() as session:
            subscribers.erase(session, desk.signer, erased, actor="operator", now=MONDAY)
            subscribers.leave(session, left, actor="reader", reason="one click", now=MONDAY)
        lines = [
            "address,cadence,language\n",
            "one@example.com,daily,both\n",
            "One@Example.com,weekly,ko\n",
            "=cmd@example.com,,\n",
            "no address,,\n",
            "two@example.com,hourly,\n",
            "Erased@example.com,,\n",
            "left@example.com,,\n",
        ]
        with sessions.begin() as session:
            done = csv_files.read(session, desk.signer, lines, reason="paper form, 2026", now=MONDAY)
        assert (done.added, done.known, done.erased) == (2, 2, 1)
        assert [number for number, _ in done.refused] == [5, 6]
        assert desk.state(left) == "unsubscribed"
        with sessions() as session:
            written = list(csv_files.write(session))
        assert written[0].startswith("address,cadence,language,zone,state")
        assert any(line.startswith("one@example.com,daily,both,Asia/Seoul,active") for line in written)
        assert any(line.startswith("'=cmd@example.com") for line in written)
        assert not any("rased@" in line for line in written)
        with sessions.begin() as session:
            again = csv_files.read(session, desk.signer, written, reason="again", now=MONDAY)
        assert again.added == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("address\n홍길동@example.com\n".encode("euc-kr"), "not UTF-8"),
        (b"address\none@example.com\n" + b"a" * 200_000, "Line 3 is no CSV"),
    ],
)
def test_a_file_that_is_no_csv_adds_nobody_and_says_why(
    database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, why: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DIGEST_SECRETS", "a" * 40)
    file = tmp_path / "readers.csv"
    file.write_bytes(content)
    done = CliRunner().invoke(cli, ["subscribers", "import", str(file), "--consent", "paper form"])
    assert done.exit_code == 1
    assert why in done.output
    assert "0 readers." in CliRunner().invoke(cli, ["subscribers", "list"]).output


def test_subscriber_moves_are_only_the_legal_ones() -> None:
    with pytest.raises(states.IllegalMoveError):
        states.after("complained", "asked")
    with pytest.raises(states.IllegalMoveError):
        states.after("erased", "confirmed")
    with pytest.raises(states.IllegalMoveError):
        states.after("unsubscribed", "confirmed")
    assert states.after("pending", "lapsed", before="bounced") == "bounced"
    assert states.after("pending", "lapsed") is None


def test_address_key_is_what_is_unique(sessions: Sessions) -> None:
    with open_desk(sessions) as desk, sessions.begin() as session:
        desk.reader("minji@naver.com")
        choice = subscribers.Choice()
        assert (
            subscribers.join(
                session, addresses.parse("MINJI@naver.com"), choice, source="import", reason="", now=MONDAY
            )
            is None
        )
