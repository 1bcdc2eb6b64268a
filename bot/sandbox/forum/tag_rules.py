"""What a category demands of the tags of its topics.

Facts: discourse/discourse `lib/discourse_tagging.rb` (validate_min_required_tags_for_category,
validate_category_restricted_tags).
"""

from collections.abc import Mapping, Sequence

from bot.sandbox.forum.state import Category, State, User


def category_tag_errors(
    names: Sequence[str], category: Category, user: User, state: State, texts: Mapping[str, str]
) -> list[str]:
    """What is wrong with these tags in this category.

    A minimum spares staff. Tags kept for other categories, and tags outside the list of a category that has one, spare
    nobody.
    """
    found: list[str] = []
    if len(names) < category.minimum_required_tags and not user.staff:
        found.append(texts["too_few_tags"].format(count=category.minimum_required_tags))
    kept_elsewhere = {tag for other in state.categories.values() for tag in other.allowed_tags}
    for name in names:
        if (category.allowed_tags or name in kept_elsewhere) and name not in category.allowed_tags:
            found.append(texts["tag_not_allowed"].format(tag=name, category=category.name))
    return found
