"""Telling the operator what needs a person: one message for all that is new, by mail, else as a message on the forum.

Neither way can be looked up afterwards, so that it is about to be said is written first. After a crash in between
nobody knows, and it is not said again: `paperbot status` counts such alerts, and shows what they were about.
"""

import datetime as dt
import logging
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bot.digests import office
from bot.errors import BotError, DoubtfulError
from bot.figures import alerts, silence, standing
from bot.figures.alerts import Need
from bot.forum.errors import LostAnswerError
from bot.jobs import backlog, editions
from bot.languages.ko import figures as words
from bot.settings import Settings
from bot.store.engine import Sessions
from bot.store.tables import Alert

_log = logging.getLogger(__name__)


def mail_address(settings: Settings) -> str | None:
    """Who is mailed; None: nobody, or there is no mail server."""
    if settings.smtp_host is None or settings.digest_from is None:
        return None
    return settings.operator_address or settings.digest_report_to


def has_way(settings: Settings) -> bool:
    """Whether the operator can be told anything."""
    by_forum = settings.operator_forum_user is not None and settings.forum_api_key is not None
    return mail_address(settings) is not None or by_forum


def tell_operator(sessions: Sessions, settings: Settings, *, now: dt.datetime) -> str:
    """Say once what needs a person by now.

    Raises:
        TransientError: the mail server or the forum is not ready; nothing was said, and it is told later.
        RejectedError, SettingsError: it is refused, or the settings are wrong; likewise.
        DoubtfulError: it may have been said; it is not said again.
    """
    with sessions.begin() as session:
        found = alerts.needs(
            sources=silence.sources(session, silence.wanted(settings), now),
            drafts=standing.waiting_drafts(session),
            failing=backlog.failing(session, now),
            now=now,
            zone=settings.time_zone,
        )
        _note(session, found)
        new = _claim(session, now)
    if not new:
        return "nothing new"
    keys = [one.key for one in new]
    try:
        _say(sessions, settings, new, now)
    except (DoubtfulError, LostAnswerError) as exc:
        raise DoubtfulError(f"The operator may have been told or not of {', '.join(keys)}: {exc}") from exc
    except BotError:  # before anything left us
        with sessions.begin() as session:
            session.execute(update(Alert).where(Alert.key.in_(keys)).values(tried_at=None))
        raise
    with sessions.begin() as session:
        session.execute(update(Alert).where(Alert.key.in_(keys)).values(said_at=now))
    _log.warning("operator told", extra={"alerts": keys})
    return f"{len(new)} told"


def _note(session: Session, found: Sequence[Need]) -> None:
    if found:
        rows = [{"key": one.key, "text": one.text} for one in found]
        session.execute(insert(Alert).values(rows).on_conflict_do_nothing())


def _claim(session: Session, now: dt.datetime) -> list[Need]:
    """What nobody has said or begun to say: from now on it is this process that says it."""
    waiting = (
        select(Alert.key).where(Alert.said_at.is_(None), Alert.tried_at.is_(None)).with_for_update(skip_locked=True)
    )
    rows = session.execute(
        update(Alert).where(Alert.key.in_(waiting)).values(tried_at=now).returning(Alert.key, Alert.text)
    )
    return sorted((Need(key, text) for key, text in rows), key=lambda one: one.key)


def _say(sessions: Sessions, settings: Settings, new: Sequence[Need], now: dt.datetime) -> None:
    lines = "\n".join(f"- {one.text}" for one in new)
    address = mail_address(settings)
    if address is not None:
        office.check_names(settings)
        letter = office.Letter("letter_alert", words.alert_subject(len(new)), {"lines": lines})
        office.send_now(settings, office.written(settings, letter, address, key=f"a{int(now.timestamp())}", now=now))
        return
    settings.require("operator_forum_user")
    assert settings.operator_forum_user is not None
    with editions.forum_of(settings, sessions) as forum:
        forum.send_message(
            settings.operator_forum_user,
            title=words.alert_subject(len(new)),
            raw="\n\n".join([words.ALERT_LEAD, lines, words.ALERT_SEE]),
        )
