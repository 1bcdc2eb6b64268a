"""Setting a forum up: the plan changes nothing, doing it leaves nothing for doctor to find, doing it again nothing."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot import clock
from bot.cli.main import cli
from bot.forum import setup
from bot.forum.admin import Hooks
from bot.forum.discourse import Discourse
from bot.forum.doctor import Wanted, examine
from bot.sandbox.forum import Forum
from bot.sandbox.forum.state import Mode
from bot.settings import Settings
from tests.integration.forum_server import SECRET, ForumServer, hasty_ping, serving


@pytest.fixture(scope="session")
def stage() -> Iterator[ForumServer]:
    with serving() as server:
        yield server


@dataclass
class World:
    """A forum where nothing is set up, an administrator's key, and the configuration as environment variables."""

    forum: Forum
    stage: ForumServer
    env: dict[str, str]
    patch: pytest.MonkeyPatch

    def run(self, *args: str) -> Result:
        """`paperbot setup-forum` with this configuration."""
        for name in Settings.model_fields:
            self.patch.delenv(name.upper(), raising=False)
        for name, value in self.env.items():
            self.patch.setenv(name, value)
        return CliRunner().invoke(cli, ["setup-forum", *args])

    def adopt(self, output: str) -> None:
        """Copy what was printed for `.env` into the configuration."""
        for name, value in re.findall(r"into \.env, shown this once: ([A-Z_]+)=(\S+)", output):
            self.env[name] = value

    def snapshot(self) -> str:
        """Everything there is on the forum, but for the log of webhooks."""
        return repr(dataclasses.replace(self.forum.state, hook_events=[], last_id={}))

    def broken(self) -> list[str]:
        """What doctor finds that is not in order."""
        wanted = Wanted(
            category_id=int(self.env["WEEKLY_CATEGORY_ID"]),
            tags=("weekly",),
            title="[2026/11/09 ~ 11/15] 이번 주의 주요 ML 논문",
            public_url=self.stage.url,
            secrets=tuple(self.env["WEBHOOK_SECRETS"].split(",")),
            in_staff_category=self.env.get("REVIEW_FLOW") == "staff_category",
            drafts_category_id=int(self.env.get("DRAFTS_CATEGORY_ID", "0")) or None,
        )
        with (
            Discourse(self.stage.url, username="paperbot", api_key=self.env["FORUM_API_KEY"]) as bot,
            Discourse(self.stage.url, username="admin", api_key=self.env["FORUM_ADMIN_KEY"]) as admin,
        ):
            return [
                f"{f.check}: {f.message}"
                for f in examine(bot, admin, wanted, now=clock.now, ping=hasty_ping)
                if not f.ok
            ]


@pytest.fixture(params=["now", "2022"])
def world(request: pytest.FixtureRequest, stage: ForumServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    monkeypatch.chdir(tmp_path)
    mode: Mode = request.param
    forum = Forum(mode=mode)
    stage.forum = forum.app()
    forum.settings.admin_api_requests_per_minute = None
    forum.settings.shared_drafts_category = None
    for slug in ("drafts", "papers"):
        del forum.state.categories[forum.category_by_slug(slug).id]
    forum.add_user("paperbot", moderator=True, trust_level=4)
    forum.add_user("admin", admin=True)
    forum.add_tag("weekly")
    env = {
        "FORUM_URL": stage.url,
        "FORUM_API_USER": "paperbot",
        "FORUM_ADMIN_USER": "admin",
        "FORUM_ADMIN_KEY": forum.add_api_key("admin"),
        "PUBLIC_URL": stage.url,
    }
    return World(forum, stage, env, monkeypatch)


def test_dry_run_is_the_default_and_changes_nothing(world: World) -> None:
    before = world.snapshot()
    shown, asked = world.run(), world.run("--dry-run")
    assert shown.exit_code == asked.exit_code == 0
    assert world.snapshot() == before
    assert "Nothing was changed" in shown.output
    assert 'setting title_prettify: "true" -> "false"' in shown.output
    assert 'setting max_post_length: "32000" -> "100000"' in shown.output


def test_apply_leaves_nothing_for_doctor_to_find(world: World) -> None:
    result = world.run("--apply")
    assert result.exit_code == 0, result.output
    world.adopt(result.output)
    assert {"FORUM_API_KEY", "WEEKLY_CATEGORY_ID", "WEBHOOK_SECRETS"} <= set(world.env)
    assert world.broken() == []


def test_second_apply_finds_nothing_to_do(world: World) -> None:
    world.adopt(world.run("--apply").output)
    before = world.snapshot()
    again = world.run("--apply")
    assert "Nothing to do" in again.output
    assert world.snapshot() == before


def test_second_apply_finds_nothing_to_do_even_if_nobody_copied_what_was_printed(world: World) -> None:
    world.run("--apply")
    before = world.snapshot()
    again = world.run("--apply")
    assert "Nothing to do" in again.output
    assert "WEEKLY_CATEGORY_ID=" in again.output
    assert "WEBHOOK_SECRETS" in again.output
    assert "FORUM_API_KEY" in again.output
    assert world.snapshot() == before


def test_drafts_category_is_for_staff_and_the_destination_for_all(world: World) -> None:
    world.run("--apply")
    drafts = world.forum.category_by_slug("paper-drafts")
    assert drafts.permissions == {"staff": 1}
    assert world.forum.settings.shared_drafts_category == drafts.id
    assert world.forum.category_by_slug("papers").permissions == {"everyone": 1}


def test_bots_key_is_bound_to_it_and_has_only_scopes_this_forum_knows(world: World) -> None:
    world.run("--apply")
    key = world.forum.state.keys[-1]
    assert key.username == "paperbot"
    assert key.scopes is not None
    assert ("global:read" in key.scopes) is (world.forum.mode == "2022")
    assert ("posts:list" in key.scopes) is (world.forum.mode == "now")


def test_webhooks_follow_the_categories_of_the_other_series_too(world: World) -> None:
    world.adopt(world.run("--apply").output)
    papers = world.forum.category_by_slug("papers")
    world.forum.state.categories[71] = dataclasses.replace(papers, id=71, name="대담", slug="talks")
    world.env |= {"DAILY_CATEGORY_ID": "999", "TALK_CATEGORY_ID": "71"}
    assert "There is no category 999: correct DAILY_CATEGORY_ID, or empty it." in world.run("--apply").output
    posts, _ = world.forum.state.web_hooks.values()
    assert 71 in posts.category_ids
    assert 999 not in posts.category_ids
    assert "Nothing to do" in world.run("--apply").output


def test_webhooks_follow_both_categories_and_the_queue_is_not_filtered(world: World) -> None:
    result = world.run("--apply")
    world.adopt(result.output)
    posts, queue = world.forum.state.web_hooks.values()
    places = {world.forum.category_by_slug(slug).id for slug in ("paper-drafts", "papers")}
    assert set(posts.category_ids) == places
    assert queue.category_ids == []
    assert posts.secret == queue.secret == world.env["WEBHOOK_SECRETS"]
    assert posts.active
    assert queue.active
    assert not posts.wildcard


def test_secret_of_the_settings_is_used_and_never_printed(world: World) -> None:
    world.env["WEBHOOK_SECRETS"] = f"old-{SECRET},{SECRET}"
    result = world.run("--apply")
    assert {hook.secret for hook in world.forum.state.web_hooks.values()} == {SECRET}
    assert SECRET not in result.output
    assert world.env["FORUM_ADMIN_KEY"] not in result.output


def test_optional_setting_is_proposed_and_left_alone_until_asked_for(world: World) -> None:
    assert "min_post_length" in world.run("--apply").output
    assert world.forum.settings.min_post_length == 20
    world.run("--apply", "--optional")
    assert world.forum.settings.min_post_length == 2


def test_every_step_says_how_to_undo_it(world: World) -> None:
    output = world.run("--apply").output
    undo = output[output.index("To undo") :]
    assert 'set title_prettify back to "true"' in undo
    assert 'set max_post_length back to "32000"' in undo
    assert undo.count("\n  - ") == output.count("\n✓ ")
    assert "delete key" in undo
    assert "delete webhook" in undo


def test_refusal_stops_the_run_and_the_next_one_goes_on(world: World) -> None:
    world.forum.fail_next("500", "PUT /admin/site_settings/title_prettify")
    result = world.run("--apply")
    assert result.exit_code != 0
    assert "Stopped there" in result.output
    assert "To undo" in result.output
    assert world.forum.state.web_hooks == {}
    world.adopt(result.output)
    result = world.run("--apply")
    world.adopt(result.output)
    assert world.broken() == []


def test_key_without_administration_is_refused_with_a_sentence(world: World) -> None:
    world.env["FORUM_ADMIN_KEY"] = world.forum.add_api_key("paperbot")
    world.env["FORUM_ADMIN_USER"] = "paperbot"
    result = world.run("--apply")
    assert result.exit_code == 1
    assert "Admin → API" in result.output
    assert world.forum.state.web_hooks == {}


def test_admins_settings_are_needed(world: World) -> None:
    del world.env["FORUM_ADMIN_KEY"]
    result = world.run()
    assert result.exit_code == 1
    assert "FORUM_ADMIN_KEY must be set" in result.output


def test_absent_account_is_for_a_person_to_make(world: World) -> None:
    world.env["FORUM_API_USER"] = "newbot"
    keys = len(world.forum.state.keys)
    result = world.run("--apply")
    assert result.exit_code == 0
    assert 'There is no account "newbot"' in result.output
    assert len(world.forum.state.keys) == keys


def test_account_that_is_no_moderator_is_told(world: World) -> None:
    world.forum.add_user("plainbot")
    world.env["FORUM_API_USER"] = "plainbot"
    assert "Grant Moderation" in world.run().output


def test_wrong_webhook_is_corrected_and_not_doubled(world: World) -> None:
    world.adopt(world.run("--apply").output)
    hook = next(iter(world.forum.state.web_hooks.values()))
    hook.active, hook.secret, hook.category_ids = False, "", [1]
    result = world.run("--apply")
    assert "is switched off, has no secret, so it is not signed, leaves out category" in result.output
    assert len(world.forum.state.web_hooks) == 2
    assert 1 in hook.category_ids
    assert world.broken() == []


def test_events_that_a_person_added_stay(world: World) -> None:
    world.adopt(world.run("--apply").output)
    hook = next(iter(world.forum.state.web_hooks.values()))
    from bot.sandbox.forum import hook_types

    hook.event_type_ids = hook_types.ids_of(["category", "post"], world.forum.mode)
    world.run("--apply")
    assert set(hook_types.ids_of(["category", "post", "topic", "like"], world.forum.mode)) <= set(hook.event_type_ids)


def test_everything_webhook_serves_both_purposes(world: World) -> None:
    world.env["WEBHOOK_SECRETS"] = SECRET
    world.forum.add_web_hook(f"{world.stage.url}/hooks/discourse", secret=SECRET)
    world.adopt(world.run("--apply").output)
    assert len(world.forum.state.web_hooks) == 1
    assert world.broken() == []


def test_refused_key_is_replaced_and_a_working_one_kept(world: World) -> None:
    world.env["FORUM_API_KEY"] = world.forum.add_api_key("paperbot")
    assert "API key" not in world.run().output
    world.env["FORUM_API_KEY"] = "0" * 64
    assert 'API key for "paperbot"' in world.run().output


def test_narrow_key_is_replaced(world: World) -> None:
    world.env["FORUM_API_KEY"] = world.forum.add_api_key("paperbot", ["topics:read"])
    world.adopt(world.run("--apply").output)
    assert world.broken() == []


def test_new_key_is_made_on_request(world: World) -> None:
    world.adopt(world.run("--apply").output)
    before = world.env["FORUM_API_KEY"]
    world.adopt(world.run("--apply", "--new-key").output)
    assert world.env["FORUM_API_KEY"] != before


def test_without_an_address_no_webhook_is_made(world: World) -> None:
    del world.env["PUBLIC_URL"]
    result = world.run("--apply")
    assert "PUBLIC_URL is not set" in result.output
    assert world.forum.state.web_hooks == {}


def test_private_address_is_warned_of_before_the_forum_refuses_it(world: World) -> None:
    assert "private address" not in world.run().output
    world.forum.settings.allowed_internal_hosts = []
    result = world.run("--apply")
    assert "allowed_internal_hosts" in result.output
    assert ("Stopped there" in result.output) is (world.forum.mode == "now")


def test_taken_names_are_used_and_not_made_twice(world: World) -> None:
    world.forum.add_category("초안 검토", "other-slug", staff_only=True)
    world.forum.add_category("논문", "also-other")
    before = len(world.forum.state.categories)
    result = world.run("--apply")
    assert len(world.forum.state.categories) == before
    assert world.forum.settings.shared_drafts_category == world.forum.category_by_slug("other-slug").id
    assert f"WEEKLY_CATEGORY_ID={world.forum.category_by_slug('also-other').id}" in result.output


def test_open_category_is_not_taken_for_drafts(world: World) -> None:
    world.forum.add_category("초안 검토", "open-one")
    result = world.run("--apply")
    assert "everybody can read it" in result.output
    assert world.forum.settings.shared_drafts_category is None


def test_staff_category_flow_leaves_shared_drafts_alone(world: World) -> None:
    world.env["REVIEW_FLOW"] = "staff_category"
    result = world.run("--apply")
    world.adopt(result.output)
    assert world.forum.settings.shared_drafts_category is None
    assert world.env["DRAFTS_CATEGORY_ID"] == str(world.forum.category_by_slug("paper-drafts").id)
    assert world.broken() == []
    assert "Nothing to do" in world.run("--apply").output


def test_closed_groups_are_opened_to_moderators_without_closing_others_out(world: World) -> None:
    if world.forum.mode == "2022":
        world.forum.settings.staff_may_share_drafts = False
        world.adopt(world.run("--apply").output)
    else:
        world.forum.settings.staff_may_share_drafts = False
        world.forum.settings.whispers_allowed_groups = ["trust_level_4"]
        world.adopt(world.run("--apply").output)
        assert set(world.forum.settings.whispers_allowed_groups) == {"trust_level_4", "admins", "moderators"}
    assert world.broken() == []


def test_plan_and_apply_stay_within_a_minutes_calls(world: World) -> None:
    world.forum.calls.clear()
    world.run("--apply")
    assert len(world.forum.calls) <= 30


def test_scopes_of_an_unknown_forum_are_those_it_has() -> None:
    assert setup.scopes_for(frozenset(setup.CONTENT_SCOPES)) == setup.CONTENT_SCOPES
    assert setup.scopes_for(frozenset({"topics:write", "global:read"})) == ("topics:write", "global:read")


def test_event_types_unknown_to_the_forum_add_nothing() -> None:
    hooks = Hooks(hooks=(), kinds={"post": frozenset({2})})
    assert hooks.ids("post", "like") == {2}
