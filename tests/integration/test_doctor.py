"""Doctor: a healthy world passes every check, each broken thing is named with its mend, and nothing crashes it."""

import dataclasses
import datetime as dt
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot import clock
from bot.cli.main import cli
from bot.forum import doctor
from bot.forum.admin import Account, Category
from bot.forum.answers import SiteRules
from bot.forum.discourse import Discourse
from bot.forum.doctor import Destination, Finding, Ping, Wanted, examine
from bot.forum.setup import CONTENT_SCOPES
from bot.jobs import checkup
from bot.sandbox.forum import Forum
from bot.sandbox.forum.faults import FaultKind
from bot.sandbox.forum.state import Mode
from bot.sandbox.model import ModelStandIn
from bot.sandbox.recorded import Translations
from bot.sandbox.server import serve
from bot.settings import Settings, load
from bot.store.engine import Sessions, opened
from bot.store.tables import ModelCall
from tests.integration.forum_server import SECRET, ForumServer, hasty_ping, serving

MODEL_KEY = "sandbox-model-key"
MODES: tuple[Mode, ...] = ("now", "2022")


@pytest.fixture(scope="session")
def stage() -> Iterator[ForumServer]:
    with serving() as server:
        yield server


@dataclass
class World:
    """A forum with the bot's and an administrator's account."""

    forum: Forum
    stage: ForumServer
    bot_key: str
    admin_key: str
    category_id: int
    tags: tuple[str, ...] = ("weekly",)
    clock_off_s: float = 0.0
    bot_name: str = "paperbot"
    staff_category_id: int | None = None
    others: tuple[Destination, ...] = ()
    ping: Ping = hasty_ping

    def bot(self) -> Discourse:
        """The forum with the bot's key."""
        return Discourse(self.stage.url, username=self.bot_name, api_key=self.bot_key, timeout_s=5)

    def admin(self) -> Discourse:
        """The forum with the administrator's key."""
        return Discourse(self.stage.url, username="admin", api_key=self.admin_key, timeout_s=5)

    def examined(self, *, with_admin: bool = True) -> list[Finding]:
        """All findings."""
        wanted = Wanted(
            category_id=self.category_id,
            tags=self.tags,
            title="[2026/11/09 ~ 11/15] 이번 주의 주요 ML 논문 (Top ML Papers of the Week)",
            public_url=self.stage.url,
            secrets=(SECRET,),
            in_staff_category=self.staff_category_id is not None,
            drafts_category_id=self.staff_category_id,
            others=self.others,
        )

        def now() -> dt.datetime:
            return clock.now() + dt.timedelta(seconds=self.clock_off_s)

        with self.bot() as bot, self.admin() as admin:
            return list(examine(bot, admin if with_admin else None, wanted, now=now, ping=self.ping))


def healthy(mode: Mode, stage: ForumServer) -> World:
    forum = Forum(mode=mode)
    stage.forum, stage.takes = forum.app(), 200
    forum.settings.admin_api_requests_per_minute = None
    forum.allow_whispers()
    forum.settings.title_prettify = False
    forum.settings.max_post_length = 100_000
    forum.settings.retry_web_hook_events = True
    forum.add_user("paperbot", moderator=True, trust_level=4)
    forum.add_user("admin", admin=True)
    forum.add_tag("weekly")
    places = [forum.drafts_category.id, forum.papers_category.id]
    url = f"{stage.url}/hooks/discourse"
    forum.add_web_hook(url, secret=SECRET, events=["post", "topic", "like"], category_ids=places)
    forum.add_web_hook(url, secret=SECRET, events=["reviewable"])
    return World(forum, stage, forum.add_api_key("paperbot"), forum.add_api_key("admin"), forum.papers_category.id)


@pytest.fixture(params=MODES)
def world(request: pytest.FixtureRequest, stage: ForumServer) -> World:
    return healthy(request.param, stage)


def not_ok(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.ok is not True]


def narrow_scopes(mode: Mode) -> tuple[str, ...]:
    older = ("topics:write", "topics:update", "topics:read", "topics:read_lists", "posts:edit", "categories:list")
    return CONTENT_SCOPES if mode == "now" else (*older, "categories:show", "global:read")


# --- the forum -------------------------------------------------------------------------------------------------------


def test_healthy_forum_passes_every_check(world: World) -> None:
    findings = world.examined()
    assert not_ok(findings) == []
    assert {"clock", "key", "account", "drafts", "whispers", "webhook: posts", "webhook: queue"} <= {
        finding.check for finding in findings
    }


def test_documented_narrow_key_passes_with_the_administrators_eyes(world: World) -> None:
    world.bot_key = world.forum.add_api_key("paperbot", narrow_scopes(world.forum.mode))
    assert not_ok(world.examined()) == []


@pytest.mark.parametrize("is_narrow", [False, True])
def test_what_the_key_may_not_see_is_open_and_not_wrong(world: World, is_narrow: bool) -> None:
    if is_narrow:
        world.bot_key = world.forum.add_api_key("paperbot", narrow_scopes(world.forum.mode))
    findings = world.examined(with_admin=False)
    assert [finding for finding in findings if finding.ok is False] == []
    unseen = [finding for finding in findings if finding.ok is None]
    assert "webhooks" in {finding.check for finding in unseen}
    assert all("cannot be seen with this key" in finding.message and finding.mend for finding in unseen)


def test_one_examination_stays_within_half_a_minutes_budget_of_calls(world: World) -> None:
    world.forum.calls.clear()
    world.examined()
    assert len(world.forum.calls) <= 30


Break = Callable[[World], None]


def _lose_key(world: World) -> None:
    world.bot_key = "0" * 64


def _wrong_user(world: World) -> None:
    world.bot_name = "minji"


def _narrow(world: World) -> None:
    world.bot_key = world.forum.add_api_key("paperbot", ["topics:write", "topics:read", "categories:show"])


def _not_moderator(world: World) -> None:
    world.forum._user("paperbot").moderator = False


def _silenced(world: World) -> None:
    world.forum._user("paperbot").silenced = True


def _inactive(world: World) -> None:
    world.forum._user("paperbot").active = False


def _setting(name: str, value: object) -> Break:
    def change(world: World) -> None:
        setattr(world.forum.settings, name, value)

    return change


def _whispers_off(world: World) -> None:
    world.forum.settings.enable_whispers = False
    world.forum.settings.whispers_allowed_groups = []


def _open_drafts(world: World) -> None:
    world.forum.drafts_category.permissions = {"everyone": 1}


def _closed_drafts(world: World) -> None:
    world.forum.drafts_category.permissions = {"admins": 1}


def _drafts_for_reading(world: World) -> None:
    world.forum.drafts_category.permissions = {"staff": 3}


def _drafts_want_tags(world: World) -> None:
    world.forum.drafts_category.minimum_required_tags = 1


def _no_destination(world: World) -> None:
    world.category_id = 999


def _destination_unset(world: World) -> None:
    world.category_id = None  # type: ignore[assignment]


def _no_daily_destination(world: World) -> None:
    world.others = (Destination("daily", 998),)


def _talks_want_tags(world: World) -> None:
    world.forum.papers_category.minimum_required_tags = 1
    world.tags, world.others = ("weekly",), (Destination("talk", world.category_id),)


def _other_category_without_webhook(world: World) -> None:
    place = dataclasses.replace(world.forum.papers_category, id=77, name="대담", slug="talks")
    world.forum.state.categories[77] = place
    world.others = (Destination("talk", 77),)


def _destination_for_reading(world: World) -> None:
    world.forum.papers_category.permissions = {"everyone": 3}


def _destination_wants_tags(world: World) -> None:
    world.forum.papers_category.minimum_required_tags = 2


def _destination_takes_other_tags(world: World) -> None:
    world.forum.add_tag("else")
    world.forum.papers_category.allowed_tags = ["else"]


def _clock_wrong(world: World) -> None:
    world.clock_off_s = -200.0


def _hook(number: int, name: str, value: object) -> Break:
    def change(world: World) -> None:
        setattr(list(world.forum.state.web_hooks.values())[number], name, value)

    return change


def _no_hooks(world: World) -> None:
    world.forum.state.web_hooks.clear()


def _web_part_ill(world: World) -> None:
    world.stage.takes = 502


def _web_part_refuses(world: World) -> None:
    world.stage.takes = 403


def _admin_is_none(world: World) -> None:
    world.admin_key = world.forum.add_api_key("admin", ["global:read"])
    world.forum._user("admin").admin = False


BROKEN: dict[str, tuple[Break, str, str, str]] = {
    "wrong key": (_lose_key, "key", "does not accept", "FORUM_API_KEY"),
    "key of another": (_wrong_user, "key", "does not accept", "FORUM_API_USER"),
    "narrow key": (_narrow, "key's scopes", "without topics:update", "--new-key"),
    "not moderator": (_not_moderator, "account", "no moderator", "Grant Moderation"),
    "silenced": (_silenced, "account", "silenced", "Admin → Users"),
    "inactive": (_inactive, "account", "not active", "activate"),
    "drafts off": (_setting("shared_drafts_category", None), "drafts", "not set", "shared_drafts_category"),
    "drafts not for staff": (_setting("staff_may_share_drafts", False), "drafts", "not for", "shared"),
    "drafts open": (_open_drafts, "drafts", "everybody can read", "Security"),
    "drafts closed": (_closed_drafts, "drafts", "closed to", "Security"),
    "drafts read-only": (_drafts_for_reading, "drafts", "may not open topics", "Security"),
    "drafts want tags": (_drafts_want_tags, "drafts", "rules for tags", "Tags"),
    "whispers off": (_whispers_off, "whispers", "off", "whispers"),
    "no destination": (_no_destination, "destination", "does not exist", "WEEKLY_CATEGORY_ID"),
    "destination unset": (_destination_unset, "destination", "not set", "WEEKLY_CATEGORY_ID"),
    "no daily destination": (_no_daily_destination, "destination", "category 998", "DAILY_CATEGORY_ID"),
    "talks want tags": (_talks_want_tags, "destination", "talk posts do not have", "TALK_TAGS"),
    "talks left out": (_other_category_without_webhook, "webhook: posts", "leaves out category 77", "setup-forum"),
    "destination read-only": (_destination_for_reading, "destination", "may not open topics", "Security"),
    "destination wants tags": (_destination_wants_tags, "destination", "requires tags", "WEEKLY_TAGS"),
    "destination limits tags": (_destination_takes_other_tags, "destination", "does not take", "WEEKLY_TAGS"),
    "titles rewritten": (_setting("title_prettify", True), "titles", "rewrites", "title_prettify"),
    "titles too short": (_setting("min_topic_title_length", 200), "limits", "at least 200", "setting"),
    "no tags": (_setting("max_tags_per_topic", 0), "limits", "tag", "setting"),
    "clock": (_clock_wrong, "clock", "behind", "timedatectl"),
    "no webhooks": (_no_hooks, "webhook: posts", "none sends", "setup-forum"),
    "no queue webhook": (_hook(1, "active", False), "webhook: queue", "switched off", "setup-forum"),
    "filtered queue webhook": (_hook(1, "category_ids", [4]), "webhook: queue", "none sends", "setup-forum"),
    "unsigned": (_hook(0, "secret", ""), "webhook: posts", "not signed", "setup-forum"),
    "other secret": (_hook(0, "secret", "another-long-secret"), "webhook: posts", "WEBHOOK_SECRETS", "setup-forum"),
    "category left out": (_hook(0, "category_ids", [3]), "webhook: posts", "leaves out", "setup-forum"),
    "elsewhere": (_hook(0, "payload_url", "https://old.example"), "webhook: posts", "none sends", "setup-forum"),
    "web part ill": (_web_part_ill, "webhook: posts", "status 502", "paperbot up"),
    "web part refuses": (_web_part_refuses, "webhook: posts", "status 403", "WEBHOOK_SECRETS"),
    "no retries": (_setting("retry_web_hook_events", False), "webhook retries", "off", "retry_web_hook_events"),
    "no admin": (_admin_is_none, "administrator's key", "no administrator", "leave both empty"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_each_broken_thing_is_found_with_its_mend(world: World, case: str) -> None:
    break_it, check, message, mend = BROKEN[case]
    if break_it not in (_web_part_ill, _web_part_refuses):
        world.ping = lambda *_: 200
    break_it(world)
    found = [finding for finding in world.examined() if finding.ok is False and finding.check == check]
    assert found, f"{check} was not found broken"
    assert message in found[0].message
    assert mend in found[0].mend


FAULTS: tuple[FaultKind, ...] = ("500", "502_html", "429_json", "drop_before", "empty_200")


@pytest.mark.parametrize("kind", FAULTS)
def test_failing_call_is_a_finding_and_the_rest_is_still_looked_at(world: World, kind: FaultKind) -> None:
    fault = world.forum.fail_next(kind, r"GET /c/\d+/show")
    findings = world.examined()
    assert fault.fired == 1
    assert [finding.check for finding in findings if finding.ok is False] == ["drafts"]
    assert findings[-1].check == "webhook retries"


@pytest.mark.parametrize(
    "path", ["/session/scopes", "/u/paperbot", "/site/settings", "/site.json", "/admin/", "/admin/api/"]
)
def test_no_failing_call_ends_the_examination(world: World, path: str) -> None:
    world.forum.fail_next("500", path, times=50)
    findings = world.examined()
    assert not_ok(findings)


def test_check_that_breaks_itself_is_a_finding() -> None:
    def breaks() -> Finding:
        raise ZeroDivisionError("nought")

    (found,) = doctor.guarded("arithmetic", breaks)
    assert found.ok is False
    assert "ZeroDivisionError" in found.message


def test_forum_that_is_away_is_one_finding_and_the_rest_is_open() -> None:
    with Discourse("http://127.0.0.1:9", username="paperbot", api_key="x") as bot:
        findings = list(examine(bot, None, Wanted(1), now=clock.now))
    assert [finding.ok for finding in findings] == [False, None]
    assert "FORUM_URL" in findings[0].mend


def test_staff_category_stands_in_for_shared_drafts(world: World) -> None:
    world.forum.settings.shared_drafts_category = None
    world.staff_category_id = world.forum.drafts_category.id
    assert not_ok(world.examined()) == []


def test_staff_category_has_to_be_named_and_closed(world: World) -> None:
    world.staff_category_id = -1
    assert [finding.check for finding in world.examined() if finding.ok is False] == ["drafts"]
    world.staff_category_id = world.forum.papers_category.id
    (found,) = [finding for finding in world.examined() if finding.check == "drafts"]
    assert found.ok is False
    assert "everybody can read" in found.message


# --- single checks ---------------------------------------------------------------------------------------------------

NOON = dt.datetime(2026, 11, 9, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(("off_s", "ok"), [(0, True), (59, True), (-60, True), (61, False), (-61, False)])
def test_clock_may_be_a_minute_off(off_s: int, ok: bool) -> None:
    assert doctor.clock(NOON, NOON + dt.timedelta(seconds=off_s)).ok is ok


def test_clock_of_a_forum_that_tells_no_time_is_open() -> None:
    assert doctor.clock(None, NOON).ok is None


def test_account_of_an_administrator_is_enough() -> None:
    (found,) = doctor.account_rights(Account(id=1, username="root", admin=True))
    assert found.ok
    assert "moderator would do" in found.message


def test_approval_in_the_destination_does_not_concern_staff() -> None:
    place = Category(id=4, name="논문", permission=1, custom_fields={"require_topic_approval": "true"})
    found = doctor.destination_rules(place, Destination("weekly", 4))
    assert found.ok
    assert "wait for approval" in found.message


def test_shorter_posts_are_no_fault_but_are_said() -> None:
    found = doctor.limits(SiteRules(), Wanted(1))
    assert found.ok
    assert "split" in found.message


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An empty configuration in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, ["doctor", *args])


@pytest.mark.usefixtures("bare")
def test_empty_configuration_lists_what_is_missing_in_order_and_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    result = run()
    assert time.monotonic() - started < 5
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    names = ["FORUM_URL", "FORUM_API_USER", "FORUM_API_KEY", "WEEKLY_CATEGORY_ID", "ANTHROPIC_API_KEY"]
    names += ["PUBLIC_URL", "WEBHOOK_SECRETS"]
    places = [result.output.index(f"{name} is not set") for name in names]
    assert places == sorted(places)
    assert result.output.splitlines()[-1].endswith(f"{len(names)} to mend.")
    assert not (tmp_path / "data").exists()


@pytest.mark.usefixtures("bare")
def test_every_missing_thing_has_its_mend_below_it() -> None:
    lines = run().output.splitlines()
    for line, below in itertools.pairwise(lines):
        if line.startswith("✗"):
            assert below.startswith("    ")


def test_malformed_setting_is_a_finding(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("FORUM_URL", "not an address")
    result = run()
    assert result.exit_code == 1
    assert "✗ settings:" in result.output
    assert "FORUM_URL" in result.output


def test_malformed_values_are_findings(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("DRAFT_MODEL", "claude-nameless-9")
    bare.setenv("WEBHOOK_SECRETS", "short")
    bare.setenv("DATABASE_URL", "mysql://somewhere")
    bare.setenv("MODEL_MONTHLY_CAP_USD", "0")
    broken = {finding["check"] for finding in json.loads(run("--json").output)["findings"] if finding["ok"] is False}
    assert {"price", "webhook secret", "database"} <= broken


@pytest.fixture
def configured(
    bare: pytest.MonkeyPatch, stage: ForumServer, database_url: str
) -> Iterator[tuple[World, pytest.MonkeyPatch]]:
    """A healthy world and the configuration that meets it."""
    world = healthy("now", stage)
    with serve(ModelStandIn(Translations([]), api_key=MODEL_KEY)) as model_url:
        values = {
            "DATABASE_URL": database_url,
            "FORUM_URL": stage.url,
            "FORUM_API_USER": "paperbot",
            "FORUM_API_KEY": world.bot_key,
            "FORUM_ADMIN_USER": "admin",
            "FORUM_ADMIN_KEY": world.admin_key,
            "WEEKLY_CATEGORY_ID": str(world.category_id),
            "WEEKLY_TAGS": "weekly",
            "ANTHROPIC_API_KEY": MODEL_KEY,
            "ANTHROPIC_BASE_URL": model_url,
            "PUBLIC_URL": stage.url,
            "WEBHOOK_SECRETS": SECRET,
        }
        for name, value in values.items():
            bare.setenv(name, value)
        yield world, bare


def test_healthy_world_is_all_in_order(configured: tuple[World, pytest.MonkeyPatch]) -> None:
    world, _ = configured
    result = run()
    assert "✗" not in result.output, result.output
    assert "?" not in "".join(line[:1] for line in result.output.splitlines())
    assert result.exit_code == 0
    assert "0 to mend." in result.output
    assert all(secret not in result.output for secret in (world.bot_key, world.admin_key, SECRET, MODEL_KEY))


def test_json_holds_every_finding(configured: tuple[World, pytest.MonkeyPatch]) -> None:
    world, env = configured
    world.forum.settings.title_prettify = True
    env.setenv("ANTHROPIC_API_KEY", "wrong-key")
    result = run("--json")
    report = json.loads(result.output)
    assert result.exit_code == 1
    assert report["ok"] is False
    assert {finding["check"] for finding in report["findings"] if finding["ok"] is False} == {"titles", "model"}


@pytest.mark.parametrize(
    ("name", "value", "check", "mend"),
    [
        ("ANTHROPIC_API_KEY", "wrong-key", "model", "ANTHROPIC_API_KEY"),
        ("ANTHROPIC_BASE_URL", "http://127.0.0.1:9", "model", "ANTHROPIC_BASE_URL"),
        ("DRAFT_MODEL", "claude-nameless-9", "model", "DRAFT_MODEL"),
        ("DRAFT_MODEL", "claude-nameless-9", "price", "MODEL_PRICES"),
        ("JUDGE_MODEL", "claude-nameless-9", "model", "JUDGE_MODEL"),
        ("JUDGE_MODEL", "claude-nameless-9", "price", "MODEL_PRICES"),
        ("SMTP_HOST", "127.0.0.1", "mail server", "SMTP_PORT"),
        ("MODEL_MONTHLY_CAP_USD", "0", "spending", "MODEL_MONTHLY_CAP_USD"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none", "database", "DATABASE_URL"),
        ("WEBHOOK_SECRETS", "short", "webhook secret", "openssl"),
        ("WEEKLY_RUN_AT", "Montag", "time zone", "WEEKLY_RUN_AT"),
        ("DATA_DIR", "/proc/nowhere", "disk", "DATA_DIR"),
    ],
)
def test_each_broken_setting_is_found_with_its_mend(
    configured: tuple[World, pytest.MonkeyPatch], name: str, value: str, check: str, mend: str
) -> None:
    _, env = configured
    env.setenv(name, value)
    settings = load()
    findings = [*checkup.machine(settings, clock.now()), *checkup.services(settings)]
    found = [finding for finding in findings if finding.check == check and finding.ok is False]
    assert found
    assert mend in found[0].mend


def test_money_spent_this_month_is_counted(configured: tuple[World, pytest.MonkeyPatch], sessions: Sessions) -> None:
    assert configured[1]
    spent = Decimal("20.5")
    with sessions.begin() as session:
        call = ModelCall(purpose="draft", model="claude-sonnet-5-5", prompt_version="1", input_hash="0", state="lost")
        call.worst_case_usd = spent
        session.add(call)
    found = {finding.check: finding for finding in checkup.database(load(), clock.now())}
    assert found["tables"].ok
    assert found["spending"].ok is False
    assert "$20.50 of $20.00" in found["spending"].message


def test_embedded_database_that_exists_is_opened(bare: pytest.MonkeyPatch, data_dir: Path) -> None:
    bare.setenv("DATA_DIR", str(data_dir))
    settings = load()
    with opened(settings):
        found = {finding.check: finding for finding in checkup.database(settings, clock.now())}
    assert "answers" in found["database"].message
    assert found["spending"].ok


def test_empty_database_is_told_to_migrate(configured: tuple[World, pytest.MonkeyPatch], postgres: str) -> None:
    _, env = configured
    env.setenv("DATABASE_URL", postgres)
    found = {finding.check: finding for finding in checkup.database(load(), clock.now())}
    assert found["tables"].ok is False
    assert found["tables"].mend == "Run `paperbot migrate`."
