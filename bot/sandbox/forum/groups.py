"""Groups: the automatic ones follow from an account's rights, others are given by name."""

from bot.sandbox.forum.state import User

GROUP_IDS = {
    "everyone": 0,
    "admins": 1,
    "moderators": 2,
    "staff": 3,
    "trust_level_0": 10,
    "trust_level_1": 11,
    "trust_level_2": 12,
    "trust_level_3": 13,
    "trust_level_4": 14,
}


def groups_of(user: User | None) -> list[str]:
    """All groups of an account, `everyone` first; a visitor without an account has only that one."""
    if user is None:
        return ["everyone"]
    automatic = ["admins"] * user.admin + ["moderators"] * user.moderator + ["staff"] * user.staff
    levels = [f"trust_level_{level}" for level in range(user.trust_level + 1)]
    return ["everyone", *automatic, *levels, *user.groups]


def group_id(name: str) -> int:
    """The number of a group; groups with a name of their own get one from 41 on."""
    return GROUP_IDS.get(name, 41 + sum(map(ord, name)) % 900)
