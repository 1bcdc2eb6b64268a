"""Who looks at the pages. There is no login: a switcher chooses among the people of the sandbox."""

from starlette.requests import Request

from bot.sandbox.forum.state import State, User

COOKIE = "viewer"


def people(state: State) -> list[User]:
    """Everybody one can be: moderators first; neither the system nor programs with a key of their own."""
    programs = {key.username.lower() for key in state.keys if key.username}
    found = [u for u in state.users.values() if u.id > 0 and u.username.lower() not in programs]
    return sorted(found, key=lambda u: (not u.staff, u.id))


def viewer(request: Request, state: State) -> User:
    """The one chosen, otherwise the moderator added last.

    Raises:
        LookupError: the forum has no moderator who is a person.
    """
    chosen = request.cookies.get(COOKIE, "")
    known = people(state)
    for user in known:
        if user.username == chosen:
            return user
    moderators = [u for u in known if u.moderator]
    if not moderators:
        moderators = [u for u in state.users.values() if u.moderator and u.id > 0]
    if not moderators:
        raise LookupError("no moderator")
    return moderators[-1]
